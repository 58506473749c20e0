#include <dedalus/handoff/handoff_loop.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/loopback_peer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

namespace run_stream_stall_test {

namespace asio = boost::asio;
using namespace dedalus;

namespace {

constexpr std::size_t text_bytes = 64 * 1024;
constexpr std::size_t chunks = 320;  // more than the sockets of both sides hold

/// A server whose answer is longer than what fits between it and a client that does not read.
class long_answer
{
public:
    std::string base_url() const { return "http://127.0.0.1:" + std::to_string(peer_.port()); }

    std::size_t sent() const { return sent_; }

private:
    static void take_request(test::peer_connection& peer)
    {
        std::string request;
        char piece[4096];
        while (!request.ends_with('}')) {
            const std::size_t n = peer.read(piece);
            if (n == 0)
                return;
            request.append(piece, n);
        }
    }

    void serve(test::peer_connection& peer)
    {
        take_request(peer);
        peer.write(std::string_view("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"));
        const std::string chunk =
            R"(data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)"
            R"("delta":{"content":")" +
            std::string(text_bytes, 'x') + "\"}}]}\n\n";
        for (std::size_t i = 0; i < chunks && peer.write(chunk); ++i)
            ++sent_;
        const std::string_view end =
            R"(data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)"
            R"("delta":{},"finish_reason":"stop"}]})"
            "\n\ndata: [DONE]\n\n";
        peer.write(end);
        peer.finish();
        peer.wait_for_end();
    }

    std::atomic<std::size_t> sent_ = 0;
    test::loopback_peer peer_{[this](test::peer_connection& peer) { serve(peer); }};
};

handoff_loop loop_to(const long_answer& server, asio::any_io_executor executor)
{
    client c(std::move(executor), {.api_key = "k", .base_url = server.base_url()});
    return {std::move(c), tool_registry(), {.max_queued_events = 2}};
}

/// Bytes of text in the event.
std::size_t text_of(const run_event& event)
{
    const auto* text = std::get_if<text_delta_event>(&event);
    return text != nullptr ? text->text.size() : 0;
}

asio::awaitable<void> take_first_text(run_stream& events)  // borrowed: by the coroutine that awaits this
{
    std::optional<run_event> event = co_await events.next();
    while (event && text_of(*event) == 0)
        event = co_await events.next();
}

/// Waits until the server has sent nothing for a while.
asio::awaitable<void> until_held_up(const long_answer& server)  // borrowed: by the test
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::size_t before = 0;
    for (int quiet = 0; quiet < 10; quiet = server.sent() == before ? quiet + 1 : 0) {
        before = server.sent();
        timer.expires_after(std::chrono::milliseconds(10));
        co_await timer.async_wait(asio::use_awaitable);
    }
}

struct stalled
{
    std::size_t sent_meanwhile = 0;
    std::size_t text = text_bytes;  // of the first text
};

asio::awaitable<stalled> stall_and_read(const long_answer& server)  // borrowed: by the test
{
    const handoff_loop loop = loop_to(server, co_await asio::this_coro::executor);
    const chat_completion_request request = test::hello();
    run_stream events = loop.stream(request);
    co_await take_first_text(events);
    co_await until_held_up(server);
    stalled result;
    result.sent_meanwhile = server.sent();
    while (const std::optional<run_event> event = co_await events.next())
        result.text += text_of(*event);
    co_return result;
}

asio::awaitable<boost::system::error_code> stall_and_cancel(const long_answer& server)  // borrowed: by the test
{
    const handoff_loop loop = loop_to(server, co_await asio::this_coro::executor);
    const chat_completion_request request = test::hello();
    run_stream events = loop.stream(request);
    co_await take_first_text(events);
    std::thread([&events] { events.cancel(); }).join();
    try {
        std::optional<run_event> event = co_await events.next();
        while (event)
            event = co_await events.next();
    }
    catch (const error& e) {
        co_return e.code();
    }
    co_return boost::system::error_code();
}

}  // namespace

TEST_CASE("run_stream: while nobody takes events the server is held up, and nothing is missing then")
{
    const long_answer server;
    const stalled result = test::run_coro(stall_and_read(server));
    CHECK(result.sent_meanwhile < chunks);
    CHECK(result.text == chunks * text_bytes);
}

TEST_CASE("run_stream: another thread stops a run whose events nobody takes")
{
    const long_answer server;
    asio::thread_pool threads(2);
    auto code = asio::co_spawn(threads, stall_and_cancel(server), asio::use_future);
    CHECK(code.get() == asio::error::operation_aborted);
    threads.join();
}

}  // namespace run_stream_stall_test
