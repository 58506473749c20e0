#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/full_listener.hpp"
#include "support/process_sockets.hpp"
#include "support/slow_lookup.hpp"
#include "support/spawned_call.hpp"
#include "support/stalling_peer.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <typeinfo>

namespace client_cancel_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;
using test::stall;

namespace {

/// How far a call has come, as its client sees it.
struct progress
{
    bool opened = false;
    bool answered = false;
    bool retries = false;
    int chunks = 0;
};

void follow(client_options& options, const std::shared_ptr<progress>& seen)
{
    options.hooks.on_connection = [seen](const connection_view& view) {
        seen->opened = seen->opened || view.event == connection_event::opened;
    };
    options.hooks.on_response = [seen](const response_view&) { seen->answered = true; };
    options.hooks.on_retry = [seen](const retry_view&) { seen->retries = true; };
}

/// More than the buffers of a loopback connection take.
chat_completion_request large_request()
{
    return {.model = "m", .messages = {user_message{std::string(32 * 1024 * 1024, 'x')}}};
}

asio::awaitable<void> ask(client c, bool large)
{
    const chat_completion_request request = large ? large_request() : test::hello();
    const chat_completion answer = co_await c.chat_completions(request);
    CHECK(answer.text() == "whole");
}

asio::awaitable<void> pull(client c, std::shared_ptr<progress> seen, bool large)
{
    const chat_completion_request request = large ? large_request() : test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    while (const auto chunk = co_await stream.next())
        ++seen->chunks;
    CHECK(stream.completion().text() == "first");
}

/// Cancels a call that is under way, which must end at once and with the error that says so.
void cancel_and_check(asio::io_context& context, test::spawned_call& call)
{
    REQUIRE_FALSE(call.ended());
    call.cancel();
    test::run_until(context, [&] { return call.ended(); });
    try {
        call.rethrow();
        FAIL("not cancelled");
    }
    catch (const error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
        CHECK(typeid(e) == typeid(error));
    }
}

/// Nothing of the cancelled call is left: no socket, no place in the pool, no work of the context.
void check_nothing_left(asio::io_context& context, const client& c, std::uint16_t port)
{
    CHECK(test::sockets_to(port).empty());
    CHECK(c.pool_stats().open == 0);
    CHECK(c.pool_stats().active == 0);
    CHECK(c.pool_stats().waiting == 0);
    context.restart();
    context.run_for(test::coro_deadline);
    CHECK(context.stopped());
}

/// The client goes on.
void check_usable(asio::io_context& context, const client& c)
{
    context.restart();
    test::run_coro_on(context, ask(c, false));
    context.restart();
    test::run_coro_on(context, pull(c, std::make_shared<progress>(), false));
}

using condition_of_phase = bool (*)(const progress&, const test::stalling_peer&);

struct cancel_row
{
    const char* phase;
    stall at;
    condition_of_phase there;  ///< then the call waits in the phase
    bool unary = true;
    bool stream = true;
    bool large = false;
};

bool reached(const progress&, const test::stalling_peer& peer)
{
    return peer.reached();
}

bool opened(const progress& seen, const test::stalling_peer&)
{
    return seen.opened;
}

bool answered(const progress& seen, const test::stalling_peer&)
{
    return seen.answered;
}

bool retries(const progress& seen, const test::stalling_peer&)
{
    return seen.retries;
}

bool has_chunk(const progress& seen, const test::stalling_peer&)
{
    return seen.chunks == 1;
}

const cancel_row cancel_rows[] = {
    {.phase = "proxy CONNECT", .at = stall::proxy, .there = reached},
    {.phase = "TLS handshake", .at = stall::tls, .there = reached},
    {.phase = "write", .at = stall::write, .there = opened, .large = true},
    {.phase = "header", .at = stall::header, .there = reached},
    {.phase = "body", .at = stall::body, .there = answered, .stream = false},
    {.phase = "body of a refusal", .at = stall::refusal, .there = answered},
    {.phase = "first event", .at = stall::body, .there = answered, .unary = false},
    {.phase = "next event", .at = stall::event, .there = has_chunk, .unary = false},
    {.phase = "back-off", .at = stall::never, .there = retries},
};

void check_cancel(const cancel_row& row, bool tls, bool stream)
{
    CAPTURE(row.phase, tls, stream);
    test::stalling_peer peer(row.at, tls);
    const auto seen = std::make_shared<progress>();
    client_options options = peer.options();
    follow(options, seen);
    asio::io_context context;
    const client c(context.get_executor(), options);
    test::spawned_call call(context, stream ? pull(c, seen, row.large) : ask(c, row.large));
    test::run_until(context, [&] { return call.ended() || row.there(*seen, peer); });
    cancel_and_check(context, call);
    peer.heal();
    check_nothing_left(context, c, peer.port());
    check_usable(context, c);
}

}  // namespace

TEST_CASE("cancel: in every phase of a connection the call ends, nothing is left of it, and the client goes on")
{
    for (const cancel_row& row : cancel_rows) {
        for (const bool tls : {false, true}) {
            if (row.unary)
                check_cancel(row, tls, false);
            if (row.stream)
                check_cancel(row, tls, true);
        }
    }
}

TEST_CASE("cancel: in name resolution the call ends at once, though the lookup cannot be stopped")
{
    const bool stream = GENERATE(false, true);
    test::stalling_peer peer(stall::never, false);
    peer.heal();
    client_options options = peer.options();
    options.base_url = "http://slow.test:" + std::to_string(peer.port());
    asio::io_context context;
    const client c(context.get_executor(), options);
    {
        const test::slow_lookup lookup;
        test::spawned_call call(context, stream ? pull(c, std::make_shared<progress>(), false) : ask(c, false));
        test::run_until(context, [&] { return call.ended() || test::slow_lookup::is_asked(); });
        cancel_and_check(context, call);
    }
    check_nothing_left(context, c, peer.port());
    check_usable(context, c);
}

TEST_CASE("cancel: in the TCP connect the call ends, nothing is left of it, and the client goes on")
{
    const bool stream = GENERATE(false, true);
    std::optional<test::full_listener> full(std::in_place);
    const std::uint16_t port = full->port();
    client_options options{.api_key = "k", .base_url = "http://127.0.0.1:" + std::to_string(port)};
    bool begun = false;
    options.hooks.on_request = [&begun](const request_view&) {
        begun = true;
        return http_headers();
    };
    asio::io_context context;
    const client c(context.get_executor(), options);
    {
        // From the request on, the call does not give way until it waits for the connection.
        test::spawned_call call(context, stream ? pull(c, std::make_shared<progress>(), false) : ask(c, false));
        test::run_until(context, [&] { return call.ended() || begun; });
        cancel_and_check(context, call);
    }
    full.reset();
    check_nothing_left(context, c, port);
    server_options at_the_same_port = test::plain_http();
    at_the_same_port.port = port;
    server target(at_the_same_port);
    target.enqueue(text_reply("whole"));
    context.restart();
    test::run_coro_on(context, ask(c, false));
}

TEST_CASE("cancel: while it waits for a connection of the pool the call leaves the queue, and the next one is served")
{
    const bool tls = GENERATE(false, true);
    const bool stream = GENERATE(false, true);
    test::stalling_peer peer(stall::event, tls);
    client_options options = peer.options();
    options.pool.max_connections = 1;
    asio::io_context context;
    const client c(context.get_executor(), options);
    const auto held = std::make_shared<progress>();
    test::spawned_call holder(context, pull(c, held, false));
    test::run_until(context, [&] { return holder.ended() || held->chunks == 1; });

    test::spawned_call call(context, stream ? pull(c, std::make_shared<progress>(), false) : ask(c, false));
    test::run_until(context, [&] { return call.ended() || c.pool_stats().waiting == 1; });
    test::spawned_call next(context, ask(c, false));
    test::run_until(context, [&] { return next.ended() || c.pool_stats().waiting == 2; });
    cancel_and_check(context, call);
    CHECK(c.pool_stats().waiting == 1);
    CHECK(c.pool_stats().active == 1);

    peer.heal();
    cancel_and_check(context, holder);
    test::run_until(context, [&] { return next.ended(); });
    next.rethrow();
    check_nothing_left(context, c, peer.port());
    check_usable(context, c);
}

TEST_CASE("cancel: before its first step a call makes no connection")
{
    const bool stream = GENERATE(false, true);
    test::stalling_peer peer(stall::never, false);
    peer.heal();
    asio::io_context context;
    const client c(context.get_executor(), peer.options());
    {
        test::spawned_call call(context, stream ? pull(c, std::make_shared<progress>(), false) : ask(c, false));
        call.cancel();
        test::run_until(context, [&] { return call.ended(); });
        CHECK_THROWS_AS(call.rethrow(), boost::system::system_error);  // of Asio itself: the call has not begun
    }
    CHECK(c.pool_stats().opened == 0);
    check_nothing_left(context, c, peer.port());
}

// ---- draining: behind [DONE] nobody waits, so there is nothing to cancel ----

namespace {

asio::awaitable<void> read_to_done(client c)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    while (const auto chunk = co_await stream.next()) {
    }
    stream.cancel();
    const auto after = co_await stream.next();
    CHECK_FALSE(after.has_value());
    CHECK(stream.completion().text() == "a");
}

reply without_end_of_body()
{
    reply r = event_stream_reply(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n"
        "data: [DONE]\n\n"
    );
    r.stop_after = r.body.size();
    r.end = reply_end::silence;
    return r;
}

}  // namespace

TEST_CASE("cancel: a stream that is cancelled after [DONE] has ended well, and what is left of its body keeps nobody")
{
    server_options with;
    with.tls = GENERATE(false, true);
    server target(with);
    target.enqueue(without_end_of_body());
    target.enqueue(text_reply("whole"));
    asio::io_context context;
    const client c(context.get_executor(), test::options_for(target));
    test::run_coro_on(context, read_to_done(c));
    CHECK(c.pool_stats().active == 0);
    const bool used_again = GENERATE(false, true);
    if (used_again) {
        context.restart();
        test::run_coro_on(context, ask(c, false));
        CHECK(target.connections_accepted() == 2);
    }
    c.close_idle_connections();
    check_nothing_left(context, c, target.port());
}

// ---- stream.cancel() ----

namespace {

using shared_handle = std::atomic<chat_completion_stream*>;

void show(shared_handle& handle, chat_completion_stream* stream)
{
    handle = stream;
    handle.notify_all();
}

asio::awaitable<int> pull_until_cancelled(client c, int cancel_after, shared_handle* handle)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    if (cancel_after == 0)
        show(*handle, &stream);
    int pulled = 0;
    bool cancelled = false;
    try {
        while (const auto chunk = co_await stream.next())
            if (++pulled == cancel_after)
                show(*handle, &stream);
    }
    catch (const error& e) {
        cancelled = e.code() == asio::error::operation_aborted;
    }
    CHECK(cancelled);
    const auto after = co_await stream.next();
    CHECK_FALSE(after.has_value());
    handle->wait(&stream);  // until the other thread is done with it
    co_return pulled;
}

}  // namespace

TEST_CASE("cancel: stream.cancel() from another thread ends a pending next(), before an event and in the middle of one")
{
    const bool tls = GENERATE(false, true);
    const stall at = GENERATE(stall::body, stall::event);
    const int events = at == stall::event ? 1 : 0;
    for (int i = 0; i < 10; ++i) {
        test::stalling_peer peer(at, tls);
        asio::io_context context;
        const client c(context.get_executor(), peer.options());
        shared_handle handle = nullptr;
        std::thread other([&handle] {
            handle.wait(nullptr);
            handle.load()->cancel();
            show(handle, nullptr);
        });
        const int pulled = test::run_coro_on(context, pull_until_cancelled(c, events, &handle));
        other.join();
        CHECK(pulled == events);
        check_nothing_left(context, c, peer.port());
    }
}

}  // namespace client_cancel_test
