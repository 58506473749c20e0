#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/full_listener.hpp"
#include "support/slow_lookup.hpp"
#include "support/spawned_call.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <string>

namespace client_silence_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

const std::string first_event = R"(data: {"choices":[{"index":0,"delta":{"content":"first"}}]})"
                                "\n\n";
const std::string last_event = R"(data: {"choices":[{"index":0,"delta":{"content":" last"},"finish_reason":"stop"}]})"
                               "\n\ndata: [DONE]\n\n";

/// One attempt without a limit that could pass by accident on a busy machine.
client_options patient(client_options options)
{
    options.timeouts = {.connect = 20s, .write = 20s, .response_header = 20s, .stream_idle = 20s};
    options.retry.max_retries = 0;
    return options;
}

/// The beginning of a stream, and then nothing.
reply silent_after(const std::string& events)
{
    reply r = event_stream_reply(events + "data: never sent");
    r.stop_after = events.size();
    r.end = reply_end::silence;
    return r;
}

/// The beginning of a stream, and then comments, one each `pause`, for a long time.
reply kept_alive_after(const std::string& events, std::chrono::milliseconds pause)
{
    reply r = event_stream_reply(events);
    for (int i = 0; i < 5000; ++i) {
        r.split_at.push_back(r.body.size());
        r.body += ": keep-alive\n\n";
    }
    r.piece_delay = pause;
    return r;
}

void check_timeout(const timeout_error& e, call_phase phase)
{
    CHECK(e.phase() == phase);
    CHECK(e.elapsed() >= 50ms);
    CHECK(e.code() == condition::timeout);
}

void check_timeout(const test::stream_outcome& outcome, call_phase phase, const std::string& text)
{
    CHECK(outcome.text() == text);
    CHECK(outcome.ended_after_failure);
    try {
        outcome.rethrow();
        FAIL("no timeout");
    }
    catch (const timeout_error& e) {
        check_timeout(e, phase);
    }
}

void check_call_times_out(const client_options& options, call_phase phase)
{
    try {
        test::ask(options);
        FAIL("no timeout");
    }
    catch (const timeout_error& e) {
        check_timeout(e, phase);
    }
}

asio::awaitable<void> ask(client c)
{
    const chat_completion_request request = test::hello();
    co_await c.chat_completions(request);
}

}  // namespace

TEST_CASE("silence: a name server that does not answer ends the call with a timeout of the resolve phase")
{
    std::optional<test::slow_lookup> slow(std::in_place);
    client_options options = patient({.api_key = "k", .base_url = "http://slow.test:1"});
    options.timeouts.connect = 50ms;
    asio::io_context context;
    test::spawned_call call(context, ask(client(context.get_executor(), options)));
    test::run_until(context, [&] { return call.ended(); });
    slow.reset();
    context.run_for(test::coro_deadline);
    try {
        call.rethrow();
        FAIL("no timeout");
    }
    catch (const timeout_error& e) {
        check_timeout(e, call_phase::resolve);
    }
}

TEST_CASE("silence: an address that does not answer ends the call with a timeout of the connect phase")
{
    const test::full_listener nobody;
    client_options options = patient({.api_key = "k", .base_url = "http://127.0.0.1:" + std::to_string(nobody.port())});
    options.timeouts.connect = 50ms;
    check_call_times_out(options, call_phase::connect);
}

TEST_CASE("silence: a stream whose first event does not come ends with a timeout that says so, whatever else comes")
{
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    SECTION("nothing comes")
    {
        target.enqueue(silent_after(""));
    }
    SECTION("comments come")
    {
        target.enqueue(kept_alive_after(": hello\n\n", 5ms));
    }
    SECTION("events for others come")
    {
        target.enqueue(kept_alive_after("event: ping\ndata: {}\n\n", 5ms));
    }
    client_options options = patient(test::options_for(target));
    options.timeouts.first_event = 60ms;
    check_timeout(test::read_stream(options), call_phase::first_event, "");
    CHECK(target.requests().size() == 1);
    CHECK(target.wait_for_connections_open(0, 5s));
}

TEST_CASE("silence: without a limit of its own the first event has that of the response header")
{
    server target(test::plain_http());
    target.enqueue(silent_after(""));
    client_options options = patient(test::options_for(target));
    options.timeouts.response_header = 1s;
    check_timeout(test::read_stream(options), call_phase::first_event, "");
}

TEST_CASE("silence: a first event may take longer than the idle limit")
{
    server target(test::plain_http());
    reply r = event_stream_reply(": reading the prompt\n\n");
    r.split_at = {r.body.size()};
    r.body += first_event + last_event;
    r.piece_delay = 300ms;
    target.enqueue(r);
    client_options options = patient(test::options_for(target));
    options.timeouts.stream_idle = 50ms;
    const test::stream_outcome outcome = test::read_stream(options);
    outcome.rethrow();
    CHECK(outcome.text() == "first last");
}

TEST_CASE("silence: comments extend the idle limit unless it counts events")
{
    server target(test::plain_http());
    client_options options = patient(test::options_for(target));
    SECTION("bytes")
    {
        reply r = event_stream_reply(first_event);
        for (int i = 0; i < 40; ++i) {
            r.split_at.push_back(r.body.size());
            r.body += ": keep-alive\n\n";
        }
        r.body += last_event;
        r.piece_delay = 20ms;
        target.enqueue(r);
        options.timeouts.stream_idle = 500ms;
        const test::stream_outcome outcome = test::read_stream(options);
        outcome.rethrow();
        CHECK(outcome.text() == "first last");
    }
    SECTION("events")
    {
        target.enqueue(kept_alive_after(first_event, 5ms));
        options.timeouts.idle_counts_events = true;
        options.timeouts.stream_idle = 200ms;
        check_timeout(test::read_stream(options), call_phase::stream_idle, "first");
    }
    SECTION("events, of a server that never pauses")
    {
        std::string comments;
        while (comments.size() < 64 * 1024 * 1024)
            comments += ':' + std::string(1000, 'x') + "\n\n";
        target.enqueue(event_stream_reply(first_event + comments));
        options.timeouts.idle_counts_events = true;
        options.timeouts.stream_idle = 1ms;
        const test::stream_outcome outcome = test::read_stream(options);
        CHECK_THROWS_AS(outcome.rethrow(), timeout_error);
    }
}

TEST_CASE("silence: each event begins the idle limit of events anew")
{
    server target(test::plain_http());
    reply r = event_stream_reply("");
    for (int i = 0; i < 20; ++i) {
        r.body += R"(data: {"choices":[{"index":0,"delta":{"content":"x"}}]})"
                  "\n\n";
        r.split_at.push_back(r.body.size());
    }
    r.body += last_event;
    r.piece_delay = 50ms;
    target.enqueue(r);
    client_options options = patient(test::options_for(target));
    options.timeouts.idle_counts_events = true;
    options.timeouts.stream_idle = 600ms;
    const test::stream_outcome outcome = test::read_stream(options);
    outcome.rethrow();
    CHECK(outcome.text() == std::string(20, 'x') + " last");
}

namespace {

asio::awaitable<std::string> pull_slowly(asio::any_io_executor executor, client_options options)
{
    client c(executor, std::move(options));
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    asio::steady_timer pause(executor);
    std::string text;
    while (true) {
        pause.expires_after(400ms);
        co_await pause.async_wait(asio::use_awaitable);
        const auto chunk = co_await stream.next();
        if (!chunk)
            break;
        text += chunk->text();
    }
    co_return text;
}

}  // namespace

TEST_CASE("silence: what the consumer takes before and between events counts for neither limit")
{
    server target(test::plain_http());
    target.enqueue(event_stream_reply(first_event + last_event));
    client_options options = patient(test::options_for(target));
    options.timeouts.first_event = 200ms;
    options.timeouts.stream_idle = 200ms;
    options.timeouts.idle_counts_events = GENERATE(true, false);
    const std::string text =
        test::run_coro([&](asio::any_io_executor executor) { return pull_slowly(executor, options); });
    CHECK(text == "first last");
}

namespace {

asio::awaitable<void> stream_with(client c, call_options options)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request, options);
    while (const auto chunk = co_await stream.next())
        FAIL("an event of a silent server");
}

}  // namespace

TEST_CASE("silence: a single call may have a limit of its own for the first event")
{
    server target(test::plain_http());
    target.enqueue(silent_after(""));
    call_options options;
    options.timeouts = patient(test::options_for(target)).timeouts;
    options.timeouts->first_event = 60ms;
    try {
        test::run_coro([&](asio::any_io_executor executor) {
            return stream_with(client(executor, test::options_for(target)), options);
        });
        FAIL("no timeout");
    }
    catch (const timeout_error& e) {
        check_timeout(e, call_phase::first_event);
    }
    options.timeouts->first_event = 0ms;
    CHECK_THROWS_AS(
        test::run_coro([&](asio::any_io_executor executor) {
            return stream_with(client(executor, test::options_for(target)), options);
        }),
        config_error
    );
}

TEST_CASE("silence: the total spans several attempts and the waits between them")
{
    server target(test::plain_http());
    reply busy = error_reply(503, "busy");
    busy.delay = 60ms;
    for (int i = 0; i < 100; ++i)
        target.enqueue(busy);
    client_options options = test::options_for(target);
    options.timeouts.total = 700ms;
    options.retry = {.max_retries = 99, .initial_backoff = 20ms, .factor = 1.0, .max_backoff = 20ms, .jitter = 0.0};
    // In an attempt it is a timeout; a wait that would not end in time is not begun, and the failure itself is thrown.
    try {
        test::ask(options);
        FAIL("answered");
    }
    catch (const timeout_error& e) {
        check_timeout(e, call_phase::total);
        CHECK(e.retries_taken() > 0);
    }
    catch (const internal_server_error& e) {
        CHECK(e.retries_taken() > 0);
    }
    CHECK(target.requests().size() > 1);
    CHECK(target.requests().size() < 100);
}

}  // namespace client_silence_test
