#include "net/byte_stream.hpp"
#include "net/connector.hpp"
#include "net/tcp_stream.hpp"
#include "net/tls_stream.hpp"
#include "support/cancel_when.hpp"
#include "support/catch.hpp"
#include "support/loopback_peer.hpp"
#include "support/net_client.hpp"
#include "support/process_sockets.hpp"
#include "support/run_coro.hpp"
#include "support/stream_io.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <thread>
#include <vector>

namespace net_stream_test {

namespace asio = boost::asio;
namespace net = dedalus::net;
using boost::system::error_code;

namespace {

constexpr std::size_t large = 10 * 1024 * 1024;

std::string pattern(std::size_t size)
{
    std::string bytes(size, '\0');
    unsigned state = 1;
    for (char& c : bytes) {
        state = state * 1103515245U + 12345U;
        c = static_cast<char>(state >> 16);
    }
    return bytes;
}

/// Collects as many bytes as were announced to it, then sends them back and ends properly.
void echo(test::peer_connection& peer, std::size_t size)
{
    std::vector<char> bytes(size);
    std::size_t have = 0;
    while (have < size) {
        const std::size_t n = peer.read(std::span(bytes).subspan(have));
        if (n == 0)
            return;
        have += n;
    }
    peer.write(bytes);
    peer.finish();
    peer.wait_for_end();
}

struct read_result
{
    std::string bytes;
    error_code end;
};

/// Reads to the end, in pieces of these sizes.
asio::awaitable<read_result> read_all(net::byte_stream* stream, std::vector<std::size_t> sizes)
{
    read_result result;
    std::vector<char> buffer(*std::max_element(sizes.begin(), sizes.end()));
    for (std::size_t i = 0;; ++i) {
        const std::size_t n = stream->try_read(std::span(buffer).first(sizes[i % sizes.size()]), result.end);
        result.bytes.append(buffer.data(), n);
        if (result.end == asio::error::would_block)
            co_await stream->wait();
        else if (result.end)
            co_return result;
    }
}

/// The same, but never looks for more at a stream that is drained.
asio::awaitable<read_result> read_patiently(net::byte_stream* stream, std::vector<std::size_t> sizes)
{
    read_result result;
    std::vector<char> buffer(*std::max_element(sizes.begin(), sizes.end()));
    for (std::size_t i = 0;; ++i) {
        if (stream->drained())
            co_await stream->wait();
        CHECK_FALSE(stream->drained());
        const std::size_t n = stream->try_read(std::span(buffer).first(sizes[i % sizes.size()]), result.end);
        result.bytes.append(buffer.data(), n);
        if (result.end && result.end != asio::error::would_block)
            co_return result;
        if (result.end)
            CHECK(stream->drained());
    }
}

using read_function = asio::awaitable<read_result> (*)(net::byte_stream*, std::vector<std::size_t>);

asio::awaitable<read_result>
send_and_read(net::connect_request request, std::string bytes, std::vector<std::size_t> sizes, read_function read)
{
    const net::connected made = co_await net::connect(std::move(request));
    co_await test::write_all(*made.stream, bytes);
    read_result result = co_await read(made.stream.get(), std::move(sizes));
    co_return result;
}

asio::awaitable<void> read_for_ever(
    net::connect_request request,
    bool& reading  // borrowed
)
{
    const net::connected made = co_await net::connect(std::move(request));
    char byte = 0;
    reading = true;
    co_await test::read_some(*made.stream, std::span(&byte, 1));
}

asio::awaitable<void> write_for_ever(
    net::connect_request request,
    bool& blocked  // borrowed
)
{
    const net::connected made = co_await net::connect(std::move(request));
    const std::string block(64 * 1024, 'x');
    for (;;) {
        error_code ec;
        made.stream->try_write(block, ec);
        if (ec && ec != asio::error::would_block)
            throw boost::system::system_error(ec);
        if (ec) {
            blocked = true;
            co_await made.stream->wait();
        }
    }
}

template <class Function>
error_code code_of(Function function)
{
    try {
        function();
    }
    catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

/// The same test over TCP and over TLS.
struct wire
{
    explicit wire(bool with_tls) : tls(with_tls)
    {
        if (tls)
            trusted = test::trust(ca);
    }

    test::loopback_peer serve(std::function<void(test::peer_connection&)> then)
    {
        return test::loopback_peer([this, then](test::peer_connection& peer) {
            if (!tls || peer.start_tls(server.get()))
                then(peer);
        });
    }

    bool tls;
    test::test_ca ca;
    test::openssl_ptr<SSL_CTX> server = test::server_context(ca.issue());
    std::shared_ptr<const net::tls_context> trusted;
};

}  // namespace

TEST_CASE("a stream carries ten mebibytes there and back, in large reads and in tiny ones")
{
    const bool tls = GENERATE(false, true);
    const std::vector<std::size_t> sizes =
        GENERATE(std::vector<std::size_t>{1 << 20}, std::vector<std::size_t>{1, 3, 61, 509, 4093, 16384});
    const read_function read = GENERATE(&read_all, &read_patiently);
    CAPTURE(tls, sizes.size(), read == &read_all);
    wire w(tls);
    const test::loopback_peer server = w.serve([](test::peer_connection& peer) { echo(peer, large); });
    const std::string sent = pattern(large);

    const read_result got = test::run_coro([&](asio::any_io_executor executor) {
        return send_and_read(test::connect_to(executor, server.port(), w.trusted), sent, sizes, read);
    });

    CHECK((got.bytes == sent));
    CHECK(got.end == asio::error::eof);
}

namespace {

/// The events that an epoll of this process is to tell of a socket; nothing when there is no such.
std::optional<unsigned> watched_events(int socket)
{
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
        std::ifstream info(each.path());
        std::string word;
        for (int tfd = -1; info >> word;) {
            if (word == "tfd:")
                info >> tfd;
            else if (word == "events:" && tfd == socket) {
                unsigned events = 0;
                info >> std::hex >> events;
                return events;
            }
        }
    }
    return std::nullopt;
}

/// Connects, and waits for the answer to a byte.
asio::awaitable<void>
ask(net::tcp_stream& stream,  // borrowed
    std::uint16_t port)
{
    error_code ec;
    stream.start_connect({asio::ip::address_v4::loopback(), port}, ec);
    CHECK(ec == asio::error::would_block);
    co_await stream.wait();
    stream.finish_connect(ec);
    CHECK_FALSE(ec);
    std::array<char, 16> buffer;
    stream.try_read(buffer, ec);
    CHECK(ec == asio::error::would_block);
    CHECK(stream.try_write(std::string_view("?"), ec) == 1);
    co_await stream.wait();
    CHECK(stream.try_read(buffer, ec) == 1);
}

}  // namespace

TEST_CASE("a stream that waits for bytes is not woken because it could write")
{
    wire w(false);
    const test::loopback_peer server = w.serve([](test::peer_connection& peer) {
        char request = 0;
        peer.read(std::span(&request, 1));
        peer.write(std::string_view("a"));
        peer.wait_for_end();
    });
    asio::io_context context;
    net::tcp_stream stream(context.get_executor());
    test::run_coro_on(context, ask(stream, server.port()));

    const std::vector<int> sockets = test::sockets_to(server.port());
    REQUIRE(sockets.size() == 1);
    const std::optional<unsigned> events = watched_events(sockets.front());
    REQUIRE(events);
    CHECK((*events & EPOLLIN) != 0);
    CHECK((*events & EPOLLOUT) == 0);
}

TEST_CASE("records that came together are delivered by one read")
{
    wire w(true);
    const std::vector<std::string> records(20, "0123456789");
    const test::loopback_peer server = w.serve([&](test::peer_connection& peer) {
        peer.write_records(records);
        peer.wait_for_end();
    });
    asio::io_context context;
    const net::connected made =
        test::run_coro_on(context, net::connect(test::connect_to(context.get_executor(), server.port(), w.trusted)));
    context.restart();
    std::array<char, 1024> buffer;

    CHECK(test::run_coro_on(context, test::read_some(*made.stream, buffer)) == 200);
}

TEST_CASE("bytes that came already are read without waiting, whatever OpenSSL holds back")
{
    wire w(true);
    const std::vector<std::string> records(3, "abc");
    const test::loopback_peer server = w.serve([&](test::peer_connection& peer) {
        peer.write_records(records);
        peer.wait_for_end();
    });
    asio::io_context context;
    const net::connected made =
        test::run_coro_on(context, net::connect(test::connect_to(context.get_executor(), server.port(), w.trusted)));
    context.restart();
    char byte = 0;
    test::run_coro_on(context, test::read_some(*made.stream, std::span(&byte, 1)));
    CHECK_FALSE(made.stream->drained());
    std::string got(1, byte);
    error_code ec;
    while (!ec) {
        if (made.stream->try_read(std::span(&byte, 1), ec) == 1)
            got += byte;
    }
    CHECK(got == "abcabcabc");
    CHECK(ec == asio::error::would_block);
    CHECK(made.stream->drained());
}

TEST_CASE("a drained stream is quiet until something comes, an end as well as bytes")
{
    wire w(GENERATE(false, true));
    const bool ends = GENERATE(false, true);
    const test::loopback_peer server = w.serve([ends](test::peer_connection& peer) {
        peer.write(std::string_view("a"));
        char request = 0;
        peer.read(std::span(&request, 1));
        if (ends)
            peer.finish();
        else
            peer.write(std::string_view("b"));
        peer.wait_for_end();
    });
    asio::io_context context;
    const net::connected made =
        test::run_coro_on(context, net::connect(test::connect_to(context.get_executor(), server.port(), w.trusted)));
    std::array<char, 64> buffer;
    context.restart();
    CHECK(test::run_coro_on(context, test::read_some(*made.stream, buffer)) == 1);
    CHECK(made.stream->drained());
    CHECK(made.stream->quiet());

    context.restart();
    test::run_coro_on(context, test::write_all(*made.stream, std::string_view("?")));
    while (made.stream->quiet())
        std::this_thread::yield();
    error_code ec;
    CHECK(made.stream->try_read(buffer, ec) == (ends ? 0 : 1));
    CHECK(ec == (ends ? error_code(asio::error::eof) : error_code()));
    CHECK(made.stream->quiet() == !ends);
}

TEST_CASE("a stream is not drained while its end, which came with the last bytes, has not been told")
{
    wire w(true);
    const test::loopback_peer server = w.serve([](test::peer_connection& peer) {
        peer.write_last("part");
        peer.wait_for_end();
    });

    const read_result got = test::run_coro([&](asio::any_io_executor executor) {
        return send_and_read(test::connect_to(executor, server.port(), w.trusted), "", {1024}, &read_patiently);
    });

    CHECK(got.bytes == "part");
    CHECK(got.end == asio::error::eof);
}

TEST_CASE("an empty read or write does nothing")
{
    wire w(GENERATE(false, true));
    const test::loopback_peer server = w.serve([](test::peer_connection& peer) { peer.wait_for_end(); });
    asio::io_context context;
    const net::connected made =
        test::run_coro_on(context, net::connect(test::connect_to(context.get_executor(), server.port(), w.trusted)));
    error_code ec = asio::error::fault;
    CHECK(made.stream->try_read({}, ec) == 0);
    CHECK_FALSE(ec);
    ec = asio::error::fault;
    CHECK(made.stream->try_write({}, ec) == 0);
    CHECK_FALSE(ec);
}

TEST_CASE("a TLS stream that was cut is told from one that ended")
{
    wire w(true);
    const bool cut = GENERATE(false, true);
    const test::loopback_peer server = w.serve([cut](test::peer_connection& peer) {
        peer.write(std::string_view("part"));
        if (cut)
            peer.cut();
        else
            peer.finish();
        peer.wait_for_end();
    });

    const read_result got = test::run_coro([&](asio::any_io_executor executor) {
        return send_and_read(test::connect_to(executor, server.port(), w.trusted), "", {1024}, &read_all);
    });

    CHECK(got.bytes == "part");
    CHECK(got.end == (cut ? net::stream_truncated : error_code(asio::error::eof)));
}

TEST_CASE("the end of a TCP stream is eof, and stays it")
{
    wire w(false);
    const test::loopback_peer server = w.serve([](test::peer_connection& peer) { peer.finish(); });
    asio::io_context context;
    const net::connected made =
        test::run_coro_on(context, net::connect(test::connect_to(context.get_executor(), server.port())));
    for (int i = 0; i < 2; ++i) {
        context.restart();
        const read_result got = test::run_coro_on(context, read_all(made.stream.get(), {16}));
        CHECK(got.bytes.empty());
        CHECK(got.end == asio::error::eof);
    }
}

TEST_CASE("writing to a peer that is gone is an error, not a signal")
{
    wire w(GENERATE(false, true));
    const test::loopback_peer server = w.serve([](test::peer_connection&) {});
    asio::io_context context;
    const net::connected made =
        test::run_coro_on(context, net::connect(test::connect_to(context.get_executor(), server.port(), w.trusted)));
    context.restart();
    const std::string block(large, 'x');

    const error_code ec = code_of([&] { test::run_coro_on(context, test::write_all(*made.stream, block)); });

    CHECK((ec == asio::error::broken_pipe || ec == asio::error::connection_reset));
}

TEST_CASE("a dropped TLS stream says goodbye")
{
    wire w(true);
    std::atomic<int> end = -1;
    {
        const test::loopback_peer server = w.serve([&](test::peer_connection& peer) {
            char byte = 0;
            peer.read(std::span(&byte, 1));
            end = peer.ended_properly() ? 1 : 0;
        });
        asio::io_context context;
        test::run_coro_on(context, net::connect(test::connect_to(context.get_executor(), server.port(), w.trusted)));
    }
    CHECK(end == 1);
}

TEST_CASE("cancellation ends a read, and a write, that waits")
{
    wire w(GENERATE(false, true));
    const test::loopback_peer server = w.serve([](test::peer_connection& peer) { peer.wait_for_end_deaf(); });
    asio::io_context context;
    bool ready = false;
    const bool reading = GENERATE(true, false);

    const error_code ec = code_of([&] {
        auto request = test::connect_to(context.get_executor(), server.port(), w.trusted);
        const auto start = reading ? &read_for_ever : &write_for_ever;
        test::cancel_when(context, start(std::move(request), ready), [&] { return ready; });
    });

    CHECK(ec == asio::error::operation_aborted);
}

TEST_CASE("interrupt() from another thread ends the wait and all later operations")
{
    wire w(GENERATE(false, true));
    const test::loopback_peer server = w.serve([](test::peer_connection& peer) { peer.wait_for_end(); });
    std::atomic<net::byte_stream*> published = nullptr;
    std::thread other([&] {
        while (published == nullptr)
            std::this_thread::yield();
        published.load()->interrupt();
        published.load()->interrupt();
        published = nullptr;
    });
    asio::io_context context;
    std::unique_ptr<net::byte_stream> stream =
        test::run_coro_on(context, net::connect(test::connect_to(context.get_executor(), server.port(), w.trusted)))
            .stream;
    published = stream.get();
    context.restart();
    char byte = 0;

    CHECK(code_of([&] {
              test::run_coro_on(context, test::read_some(*stream, std::span(&byte, 1)));
          }) == asio::error::operation_aborted);
    error_code ec;
    stream->try_write(std::span<const char>(&byte, 1), ec);
    CHECK(ec == asio::error::operation_aborted);
    stream->try_read(std::span(&byte, 1), ec);
    CHECK(ec == asio::error::operation_aborted);
    other.join();
}

TEST_CASE("an io_context may be destroyed while a coroutine waits on a stream")
{
    wire w(GENERATE(false, true));
    std::atomic<bool> accepted = false;
    std::atomic<bool> closed = false;
    {
        const test::loopback_peer server = w.serve([&](test::peer_connection& peer) {
            accepted = true;
            peer.wait_for_end();
            closed = true;
        });
        asio::io_context context;
        bool reading = false;
        asio::co_spawn(
            context,
            read_for_ever(test::connect_to(context.get_executor(), server.port(), w.trusted), reading),
            [](std::exception_ptr) { FAIL("the coroutine must not end"); }
        );
        while (!reading || !accepted)
            context.run_one_for(std::chrono::milliseconds(1));
    }
    CHECK(closed);
}

}  // namespace net_stream_test
