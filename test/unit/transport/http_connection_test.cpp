#include "transport/http_connection.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/fake_stream.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace http_connection_test {

namespace asio = boost::asio;
using namespace dedalus;

namespace {

constexpr std::string_view request_head = "POST / HTTP/1.1\r\n\r\n";
constexpr std::string_view request_body = "question";
constexpr std::string_view answer_head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

transport::call_limits no_limits(asio::any_io_executor executor)
{
    const auto now = std::chrono::steady_clock::now();
    return {
        std::make_shared<net::watchdog>(executor),
        {no_limit, no_limit, no_limit, no_limit, no_limit},
        protocol::phase_deadline(call_phase::total, now, no_limit)};
}

struct exchange_result
{
    int status = 0;
    std::string body;
    bool kept = false;
    bool reusable = false;  ///< a while later
    bool reusable_now = false;
};

void append_buffered(transport::http_connection& connection, std::string& body)
{
    for (std::string_view piece = connection.buffered_body(); !piece.empty(); piece = connection.buffered_body())
        body += piece;
}

asio::awaitable<exchange_result> exchange(asio::any_io_executor executor, std::shared_ptr<test::fake_peer> peer)
{
    transport::http_connection connection(std::make_unique<test::fake_stream>(peer), 4096);
    connection.begin(no_limits(executor));
    co_await connection.send(request_head, request_body);
    co_await connection.read_header();
    exchange_result result;
    result.status = connection.status();
    while (true) {
        const std::string_view piece = co_await connection.read_body(call_phase::body);
        if (piece.empty())
            break;
        result.body += piece;
        append_buffered(connection, result.body);
    }
    connection.end_exchange();
    peer->blocks = false;
    result.kept = connection.reusable_later() != transport::reuse::never;
    const auto now = std::chrono::steady_clock::now();
    result.reusable_now = connection.reusable(now - std::chrono::hours(1)) == transport::reuse::now;
    result.reusable = connection.reusable(now + std::chrono::hours(1)) == transport::reuse::now;
    co_return result;
}

// The body of an answer that is here with its header.
asio::awaitable<std::string> buffered(asio::any_io_executor executor, std::shared_ptr<test::fake_peer> peer)
{
    transport::http_connection connection(std::make_unique<test::fake_stream>(peer), 4096);
    connection.begin(no_limits(executor));
    co_await connection.send(request_head, request_body);
    co_await connection.read_header();
    peer->fail_after = 0;
    std::string body;
    append_buffered(connection, body);
    co_return body;
}

exchange_result run(const std::shared_ptr<test::fake_peer>& peer)
{
    return test::run_coro([&](asio::any_io_executor executor) { return exchange(executor, peer); });
}

std::shared_ptr<test::fake_peer> peer_that_sends(std::string_view framing_and_body)
{
    auto peer = std::make_shared<test::fake_peer>();
    peer->answers_after = request_head.size() + request_body.size();
    peer->to_read = std::string(answer_head) + std::string(framing_and_body);
    return peer;
}

}  // namespace

TEST_CASE("http_connection: an exchange works at every piece size, whatever frames the body")
{
    struct row
    {
        std::string_view rest;
        bool ends;
        bool reusable;
    };

    const row rows[] = {
        {"Content-Length: 5\r\n\r\nhello", false, true},
        {"Content-Length: 5\r\n\r\nhello", true, false},
        {"Content-Length: 5\r\nConnection: close\r\n\r\nhello", false, false},
        {"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", false, true},
        {"\r\nhello", true, false},
        {"Content-Length: 5\r\n\r\nhelloHTTP/1.1", false, false},
    };
    for (const row& each : rows) {
        for (const std::size_t piece : {1, 2, 7, 1000}) {
            const auto peer = peer_that_sends(each.rest);
            peer->ends = each.ends;
            peer->piece = piece;
            const exchange_result result = run(peer);
            CHECK(result.status == 200);
            CHECK(result.body == "hello");
            CHECK(result.kept == each.reusable);
            CHECK(result.reusable == each.reusable);
            CHECK(peer->written == std::string(request_head) + std::string(request_body));
            CHECK(peer->streams_alive == 0);
        }
    }
}

TEST_CASE("http_connection: a stream that tells when it has no more gives the same, and is not asked in vain")
{
    const std::string_view chunks = "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n";
    const std::string rest = "Transfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
    for (const std::size_t piece : {1, 2, 7, 1000}) {
        const auto peer = peer_that_sends(rest);
        peer->piece = piece;
        peer->tells_drained = true;
        CHECK(run(peer).body == "hello");

        const auto steady = peer_that_sends(rest);
        steady->piece = piece;
        steady->tells_drained = true;
        steady->blocks = false;
        const exchange_result result = run(steady);
        CHECK(result.body == "hello");
        CHECK(result.kept);
        CHECK(result.reusable);
        CHECK(steady->reads_in_vain == 0);
    }
    const auto closes = peer_that_sends("Content-Length: 5\r\n\r\nhello");
    closes->tells_drained = true;
    closes->piece = 1000;
    closes->ends = true;
    const exchange_result result = run(closes);
    CHECK(result.kept);
    CHECK(result.reusable_now);
    CHECK_FALSE(result.reusable);
}

TEST_CASE("http_connection: pieces of a body that came together are there without another operation on the stream")
{
    const auto peer = peer_that_sends("Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n2\r\n, \r\n0\r\n\r\n");
    peer->piece = 1000;
    const std::string body = test::run_coro([&](asio::any_io_executor executor) { return buffered(executor, peer); });
    CHECK(body == "hello, ");
}

TEST_CASE("http_connection: a failure at any operation is an error and never a short answer")
{
    const std::string_view rest =
        GENERATE("Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    std::size_t failures = 0;
    for (std::size_t n = 0;; ++n) {
        const auto peer = peer_that_sends(rest);
        peer->piece = 3;
        peer->fail_after = n;
        try {
            const exchange_result result = run(peer);
            CHECK(result.body == "hello");
            CHECK(peer->streams_alive == 0);
            if (peer->operations <= n)
                break;
        }
        catch (const boost::system::system_error& e) {
            CHECK(e.code().failed());
            CHECK(peer->streams_alive == 0);
            ++failures;
        }
    }
    CHECK(failures > 20);
}

TEST_CASE("http_connection: an answer that is cut off is a connection_error of its phase")
{
    struct row
    {
        std::string_view sent;
        call_phase phase;
    };

    const row rows[] = {
        {"", call_phase::response_header},
        {"HTTP/1.1 200 OK\r\nContent-", call_phase::response_header},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", call_phase::body},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", call_phase::body},
    };
    for (const row& each : rows) {
        const auto peer = std::make_shared<test::fake_peer>();
        peer->answers_after = request_head.size() + request_body.size();
        peer->to_read = each.sent;
        peer->ends = true;
        peer->piece = 1000;
        try {
            run(peer);
            FAIL("no error");
        }
        catch (const connection_error& e) {
            CHECK(e.phase() == each.phase);
        }
    }
}

namespace {

asio::awaitable<void> send_until_cancelled(asio::any_io_executor executor, std::shared_ptr<test::fake_peer> peer)
{
    transport::http_connection connection(std::make_unique<test::fake_stream>(peer), 4096);
    transport::call_limits limits = no_limits(executor);
    peer->before_read = [guard = limits.guard.get()] { guard->cancel(); };
    connection.begin(std::move(limits));
    co_await connection.send(request_head, request_body);
}

}  // namespace

TEST_CASE("http_connection: a call that another thread ends while it sends is told why, not what that breaks")
{
    const auto peer = std::make_shared<test::fake_peer>();
    try {
        test::run_coro([&](asio::any_io_executor executor) { return send_until_cancelled(executor, peer); });
        FAIL("it was sent");
    }
    catch (const error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
    }
}

namespace {

asio::awaitable<void> exchange_until_failure(asio::any_io_executor executor, std::shared_ptr<test::fake_peer> peer)
{
    transport::http_connection connection(std::make_unique<test::fake_stream>(peer), 4096);
    for (;;) {
        connection.begin(no_limits(executor));
        co_await connection.send(request_head, request_body);
        co_await connection.read_header();
        co_await connection.read_body(call_phase::body);
        connection.end_exchange();
    }
}

call_phase phase_of_failure(const std::shared_ptr<test::fake_peer>& peer)
{
    try {
        test::run_coro([&](asio::any_io_executor executor) { return exchange_until_failure(executor, peer); });
    }
    catch (const connection_error& e) {
        CHECK(e.cause() == peer->end);
        return e.phase();
    }
    FAIL("no connection_error");
    return {};
}

}  // namespace

TEST_CASE("http_connection: an alert refuses the connection at its first request, and breaks it off at a later one")
{
    const auto peer = std::make_shared<test::fake_peer>();
    peer->piece = 1000;
    peer->ends = true;
    constexpr int reason = SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_REQUIRED;
    peer->end = {static_cast<int>(ERR_PACK(ERR_LIB_SSL, 0, reason)), asio::error::get_ssl_category()};
    CHECK(phase_of_failure(peer) == call_phase::tls);

    // The server may have acted on the request.
    peer->to_read = std::string(answer_head) + "Content-Length: 5\r\n\r\nhello";
    CHECK(phase_of_failure(peer) == call_phase::response_header);
}

namespace {

/// Reads the header alone and then asks whether the connection can be used again.
asio::awaitable<bool> leave_body_unread(asio::any_io_executor executor, std::shared_ptr<test::fake_peer> peer)
{
    transport::http_connection connection(std::make_unique<test::fake_stream>(peer), 4096);
    connection.begin(no_limits(executor));
    co_await connection.send(request_head, request_body);
    co_await connection.read_header();
    connection.end_exchange();
    peer->blocks = false;
    co_return connection.reusable(std::chrono::steady_clock::now()) == transport::reuse::now;
}

}  // namespace

TEST_CASE("http_connection: what is left of a body is read without waiting, up to a bound")
{
    const auto reusable = [](std::string_view rest) {
        const auto peer = peer_that_sends(rest);
        peer->piece = 1 << 20;
        return test::run_coro([&](asio::any_io_executor executor) { return leave_body_unread(executor, peer); });
    };
    CHECK(reusable("Content-Length: 5\r\n\r\nhello"));
    CHECK_FALSE(reusable("Content-Length: 6\r\n\r\nhello"));
    CHECK_FALSE(reusable("Content-Length: 200000\r\n\r\n" + std::string(200000, 'x')));
}

TEST_CASE("http_connection: an answer that comes before the request is sent is read, and the connection not used again")
{
    const bool server_gives_up = GENERATE(false, true);
    const auto peer = peer_that_sends("Content-Length: 5\r\n\r\nhello");
    peer->answers_after = 4;
    peer->piece = 2;
    if (server_gives_up)
        peer->writes_fail_after = 6;
    const exchange_result result = run(peer);
    CHECK(result.body == "hello");
    CHECK_FALSE(result.reusable);
    CHECK(peer->written.size() < request_head.size() + request_body.size());
}

namespace {

asio::awaitable<void> count_turns(int* turns, const bool* over)
{
    while (!*over) {
        ++*turns;
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
}

asio::awaitable<void>
read_flood(asio::any_io_executor executor, std::shared_ptr<test::fake_peer> peer, int* turns, bool* over)
{
    asio::co_spawn(executor, count_turns(turns, over), [](std::exception_ptr e) { CHECK_FALSE(e); });
    const exchange_result result = co_await exchange(executor, std::move(peer));
    *over = true;
    CHECK(result.body.size() == 4 * 1024 * 1024);
}

}  // namespace

TEST_CASE("http_connection: a server that never pauses does not starve others on the executor")
{
    const auto peer = peer_that_sends("Content-Length: 4194304\r\n\r\n" + std::string(4 * 1024 * 1024, 'x'));
    peer->piece = 1 << 20;
    peer->blocks = false;
    int turns = 0;
    bool over = false;
    test::run_coro([&](asio::any_io_executor executor) { return read_flood(executor, peer, &turns, &over); });
    CHECK(turns >= 15);
}

}  // namespace http_connection_test
