#include <dedalus/dedalus.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/loopback_peer.hpp"
#include "support/peak_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>

namespace client_large_test {

namespace asio = boost::asio;
using namespace dedalus;

namespace {

constexpr std::size_t mib = 1024 * 1024;

/// Of the long stream: 64, or what DEDALUS_TEST_STREAM_MIB says; a nightly run asks for 1024.
std::size_t stream_bytes()
{
    const char* const wanted = std::getenv("DEDALUS_TEST_STREAM_MIB");
    return (wanted != nullptr ? std::stoul(wanted) : (test::sanitized ? 8 : 64)) * mib;
}

bool send(test::peer_connection& peer, std::string_view text)
{
    return peer.write(std::span(text.data(), text.size()));
}

/// Reads a request of at least this many bytes of body.
void take_request(test::peer_connection& peer, std::size_t body_bytes)
{
    std::string buffer(256 * 1024, '\0');
    std::size_t taken = 0;
    char last = 0;
    while (taken < body_bytes || last != '}') {
        const std::size_t n = peer.read(std::span(buffer.data(), buffer.size()));
        if (n == 0)
            return;
        taken += n;
        last = buffer[n - 1];
    }
}

/// A server that writes its answer while it makes it, so that it holds nothing of it.
test::loopback_peer::handler answering(std::function<void(test::peer_connection&)> body, std::size_t request_bytes = 1)
{
    return [body = std::move(body), request_bytes](test::peer_connection& peer) {
        take_request(peer, request_bytes);
        send(peer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        body(peer);
        send(peer, "data: [DONE]\n\n");
        peer.finish();
        peer.wait_for_end();
    };
}

client_options to(const test::loopback_peer& peer)
{
    return {.api_key = "k", .base_url = "http://127.0.0.1:" + std::to_string(peer.port())};
}

struct stream_sums
{
    std::size_t chunks = 0;
    std::size_t text = 0;
    std::size_t longest = 0;
};

asio::awaitable<stream_sums>
read_sums(asio::any_io_executor executor, client_options options, chat_completion_request request)
{
    client c(executor, std::move(options));
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    stream_sums sums;
    while (const auto chunk = co_await stream.next()) {
        ++sums.chunks;
        sums.text += chunk->text().size();
        sums.longest = std::max(sums.longest, chunk->text().size());
    }
    co_return sums;
}

stream_sums read_sums(const client_options& options)
{
    return test::run_coro([&](asio::any_io_executor executor) { return read_sums(executor, options, test::hello()); });
}

void check_peak(const test::peak_memory& peak, std::size_t at_most)
{
    if (!test::sanitized)
        CHECK(peak.bytes() <= static_cast<std::int64_t>(at_most));
}

}  // namespace

TEST_CASE("large: a stream is read in memory that does not depend on its length")
{
    // What grows with a stream is its text: here a letter for each event.
    const std::string event = R"(data: {"choices":[{"index":0,"delta":{"content":"x"}}],"obfuscation":")" +
                              std::string(8000, '-') + "\"}\n\n";
    const std::size_t events = stream_bytes() / event.size();
    std::string many;
    while (many.size() < mib)
        many += event;
    const std::size_t events_in_many = many.size() / event.size();
    const std::size_t rounds = events / events_in_many;
    const test::loopback_peer peer(answering([&](test::peer_connection& connection) {
        for (std::size_t i = 0; i < rounds && send(connection, many); ++i) {
        }
        send(
            connection,
            R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
            "\n\n"
        );
    }));
    const test::peak_memory peak;
    const stream_sums sums = read_sums(to(peer));
    CHECK(sums.chunks == rounds * events_in_many + 1);
    CHECK(sums.text == rounds * events_in_many);
    check_peak(peak, 8 * mib);
}

TEST_CASE("large: an event of almost 64 MiB is read, and one above the limit is refused before it is all there")
{
    const std::size_t size = (test::sanitized ? 8 : 63) * mib;
    const std::string block(mib, 'x');
    const test::loopback_peer peer(answering([&](test::peer_connection& connection) {
        send(connection, R"(data: {"choices":[{"index":0,"delta":{"content":")");
        for (std::size_t sent = 0; sent < size && send(connection, block); sent += block.size()) {
        }
        send(connection, "\"},\"finish_reason\":\"stop\"}]}\n\n");
    }));
    client_options options = to(peer);
    {
        const test::peak_memory peak;
        const stream_sums sums = read_sums(options);
        CHECK(sums.chunks == 1);
        CHECK(sums.longest == size);
        // The event, its JSON, the chunk and the text added up, some of them twice while they grow.
        check_peak(peak, 8 * size);
    }
    {
        options.limits.max_event_bytes = mib;
        const test::peak_memory peak;
        try {
            read_sums(options);
            FAIL("read");
        }
        catch (const response_format_error& e) {
            CHECK(e.code() == errc::limit_exceeded);
        }
        check_peak(peak, 6 * mib);
    }
}

TEST_CASE("large: a request of 60 MiB is sent in little more memory than its body")
{
    const std::size_t size = (test::sanitized ? 8 : 60) * mib;
    const std::string answer = R"({"choices":[{"index":0,"message":{"role":"assistant","content":"ok"}}]})";
    const test::loopback_peer peer([&](test::peer_connection& connection) {
        take_request(connection, size);
        send(connection, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(answer.size()) + "\r\n\r\n" + answer);
        connection.wait_for_end();
    });
    asio::io_context context;
    const client c(context.get_executor(), to(peer));
    asio::awaitable<chat_completion> call = [&] {
        const chat_completion_request request{.model = "m", .messages = {user_message{std::string(size, 'x')}}};
        return c.chat_completions(request);
    }();
    const test::peak_memory peak;
    const chat_completion done = test::run_coro_on(context, std::move(call));
    CHECK(done.text() == "ok");
    check_peak(peak, 4 * mib);
}

}  // namespace client_large_test
