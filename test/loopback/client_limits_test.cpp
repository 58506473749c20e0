#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <string>

namespace client_limits_test {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

reply silent_before_header()
{
    reply r;
    r.without_header = true;
    r.end = reply_end::silence;
    return r;
}

reply silent_in_body(reply r)
{
    r.stop_after = r.body.size() / 2;
    r.end = reply_end::silence;
    return r;
}

/// One event, the beginning of another, and then nothing.
reply silent_stream()
{
    const std::string first = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"first\"}}]}\n\n";
    reply r = event_stream_reply(first + "data: {\"choices\":[]}\n\n");
    r.stop_after = first.size() + 7;
    r.end = reply_end::silence;
    return r;
}

/// Accepts connections in the kernel's backlog and never reads: the handshake and large writes get no answer.
struct deaf_listener
{
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};

    std::string url(const char* scheme) const
    {
        return std::string(scheme) + "://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    }
};

/// One attempt without limits that could pass by accident on a busy machine; the tests shorten the one they are about.
client_options patient(client_options options)
{
    options.timeouts = {.connect = 20s, .write = 20s, .response_header = 20s, .stream_idle = 20s};
    options.retry.max_retries = 0;
    return options;
}

client_options patient(const deaf_listener& deaf, const char* scheme)
{
    return patient(client_options{.api_key = "k", .base_url = deaf.url(scheme)});
}

/// More than the buffers of a loopback connection take.
chat_completion_request large_request()
{
    return {.model = "m", .messages = {user_message{std::string(32 * 1024 * 1024, 'x')}}};
}

template <class Call>
void check_times_out(call_phase phase, Call call)
{
    try {
        call();
        FAIL("no timeout");
    }
    catch (const timeout_error& e) {
        CHECK(e.phase() == phase);
        CHECK(e.elapsed() > 0ms);
        CHECK(e.code() == condition::timeout);
    }
}

}  // namespace

TEST_CASE("limits: each phase of a silent server ends with a timeout that names it")
{
    SECTION("tls")
    {
        deaf_listener deaf;
        client_options options = patient(deaf, "https");
        options.timeouts.connect = 50ms;
        check_times_out(call_phase::tls, [&] { test::ask(options); });
    }
    SECTION("write")
    {
        deaf_listener deaf;
        client_options options = patient(deaf, "http");
        options.timeouts.write = 50ms;
        check_times_out(call_phase::write, [&] { test::ask(options, large_request()); });
    }
    SECTION("response header, over HTTP and HTTPS, unary and stream")
    {
        server_options with;
        with.tls = GENERATE(true, false);
        server target(with);
        target.enqueue(silent_before_header());
        client_options options = patient(test::options_for(target));
        options.timeouts.response_header = 50ms;
        if (GENERATE(true, false))
            check_times_out(call_phase::response_header, [&] { test::ask(options); });
        else
            check_times_out(call_phase::response_header, [&] { test::read_stream(options); });
        CHECK(target.wait_for_connections_open(0, 5s));
    }
    SECTION("body")
    {
        server target(test::plain_http());
        target.enqueue(silent_in_body(text_reply("never whole")));
        client_options options = patient(test::options_for(target));
        options.timeouts.stream_idle = 50ms;
        check_times_out(call_phase::body, [&] { test::ask(options); });
    }
    SECTION("stream")
    {
        server_options with;
        with.tls = GENERATE(true, false);
        server target(with);
        target.enqueue(silent_stream());
        client_options options = patient(test::options_for(target));
        options.timeouts.stream_idle = 500ms;
        const test::stream_outcome outcome = test::read_stream(options);
        CHECK(outcome.text() == "first");
        CHECK(outcome.ended_after_failure);
        check_times_out(call_phase::stream_idle, [&] { outcome.rethrow(); });
        CHECK(target.wait_for_connections_open(0, 5s));
    }
}

TEST_CASE("limits: the total spans attempts, waits and the stream, and is not tried again")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    options.timeouts.total = 500ms;
    SECTION("in the header")
    {
        target.enqueue(silent_before_header());
        check_times_out(call_phase::total, [&] { test::ask(options); });
    }
    SECTION("in the body")
    {
        target.enqueue(silent_in_body(text_reply("never whole")));
        check_times_out(call_phase::total, [&] { test::ask(options); });
    }
    SECTION("in a stream that never ends and never pauses")
    {
        reply busy = event_stream_reply({});
        for (int i = 0; i < 100000; ++i)
            busy.body += ": nothing\n\n";
        busy.piece_bytes = 100;
        busy.piece_delay = 1ms;
        target.enqueue(busy);
        check_times_out(call_phase::total, [&] { test::read_stream(options).rethrow(); });
    }
    CHECK(target.requests().size() == 1);
}

TEST_CASE("limits: a timeout before the header is tried again")
{
    server target(test::plain_http());
    target.enqueue(silent_before_header());
    target.enqueue(text_reply("second"));
    client_options options = patient(test::options_for(target));
    options.timeouts.response_header = 1s;
    options.retry.max_retries = 1;
    const chat_completion answer = test::ask(options);
    CHECK(answer.text() == "second");
    CHECK(answer.info.retries_taken == 1);
}

TEST_CASE("limits: slow but steady bytes never run into the idle limit")
{
    server target(test::plain_http());
    reply slow =
        chunks_reply({{{"choices", {{{"index", 0}, {"delta", {{"content", "steady"}}}, {"finish_reason", "stop"}}}}}});
    slow.piece_bytes = 4;
    slow.piece_delay = 10ms;
    target.enqueue(slow);
    client_options options = test::options_for(target);
    options.timeouts.stream_idle = 2s;
    const test::stream_outcome outcome = test::read_stream(options);
    outcome.rethrow();
    CHECK(outcome.text() == "steady");
}

namespace {

asio::awaitable<void> pause_between_pulls(asio::any_io_executor executor, client_options options)
{
    client c(executor, std::move(options));
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    std::string text;
    while (const auto chunk = co_await stream.next()) {
        text += chunk->text();
        asio::steady_timer pause(executor, 250ms);
        co_await pause.async_wait(asio::use_awaitable);
    }
    CHECK_FALSE(text.empty());
}

}  // namespace

TEST_CASE("limits: the time that the consumer takes does not count")
{
    server_options with = test::plain_http();
    with.stream_delay = 1ms;
    server target(with);
    client_options options = test::options_for(target);
    options.timeouts.stream_idle = 200ms;
    test::run_coro([&](asio::any_io_executor executor) { return pause_between_pulls(executor, options); });
}

namespace {

asio::awaitable<void> second_next(chat_completion_stream* stream)
{
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    try {
        co_await stream->next();
        FAIL("no error");
    }
    catch (const error& e) {
        CHECK(e.code() == errc::operation_in_progress);
    }
    stream->cancel();
}

asio::awaitable<void> first_next(client c, asio::any_io_executor executor)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    co_await stream.next();
    asio::co_spawn(executor, second_next(&stream), [](std::exception_ptr e) { CHECK_FALSE(e); });
    try {
        co_await stream.next();
        FAIL("no error");
    }
    catch (const error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
    }
}

}  // namespace

TEST_CASE("stream: a second next() while one is pending is refused")
{
    server target(test::plain_http());
    target.enqueue(silent_stream());
    test::run_coro([&](asio::any_io_executor executor) {
        return first_next(client(executor, test::options_for(target)), executor);
    });
}

TEST_CASE("threads: many coroutines on many threads share one client")
{
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    asio::thread_pool pool(4);
    const client c(pool.get_executor(), test::options_for(target));
    std::vector<std::future<chat_completion>> answers;
    const chat_completion_request request = test::hello();
    for (int i = 0; i < 40; ++i)
        answers.push_back(asio::co_spawn(pool, c.chat_completions(request), asio::use_future));
    for (auto& answer : answers)
        CHECK_FALSE(answer.get().text().empty());
    std::vector<std::future<test::stream_outcome>> streams;
    for (int i = 0; i < 20; ++i)
        streams.push_back(asio::co_spawn(
            pool, test::read_stream(pool.get_executor(), test::options_for(target), request), asio::use_future
        ));
    for (auto& stream : streams)
        CHECK_FALSE(stream.get().completion.text().empty());
    pool.join();
}

namespace {

asio::awaitable<void> pull_forever(client c, std::atomic<int>* pulled)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    while (const auto chunk = co_await stream.next())
        ++*pulled;
}

}  // namespace

TEST_CASE("context: destroying it in the middle of a call leaks nothing")
{
    server target(test::plain_http());
    target.enqueue(silent_stream());
    {
        asio::io_context context;
        std::atomic<int> pulled = 0;
        const client c(context.get_executor(), test::options_for(target));
        asio::co_spawn(context, pull_forever(c, &pulled), [](std::exception_ptr) {});
        while (pulled == 0)
            context.run_one_for(10ms);
    }
    CHECK(target.wait_for_connections_open(0, 5s));
}

}  // namespace client_limits_test
