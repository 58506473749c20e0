#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/process_sockets.hpp"
#include "support/recording_logger.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace client_threads_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

asio::awaitable<void> ask(client c)
{
    const chat_completion_request request = test::hello();
    const chat_completion answer = co_await c.chat_completions(request);
    if (answer.text().empty())
        throw std::runtime_error("an empty answer");
}

asio::awaitable<void> read_stream(client c)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    while (const auto chunk = co_await stream.next()) {
    }
    if (stream.completion().text().empty())
        throw std::runtime_error("an empty stream");
}

asio::awaitable<void> drop_stream(client c)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    co_await stream.next();
}

asio::awaitable<void> some_call(client c, int kind)
{
    if (kind == 0)
        return ask(std::move(c));
    return kind == 1 ? read_stream(std::move(c)) : drop_stream(std::move(c));
}

/// How the calls ended.
struct tally
{
    std::atomic<int> well = 0;
    std::atomic<int> cancelled = 0;
    std::atomic<int> waited_too_long = 0;
    std::atomic<int> otherwise = 0;

    void count(std::exception_ptr failure)
    {
        try {
            if (failure)
                std::rethrow_exception(failure);
            ++well;
        }
        catch (const timeout_error& e) {
            ++(e.phase() == call_phase::pool ? waited_too_long : otherwise);
        }
        catch (const boost::system::system_error& e) {
            // Asio's own, when the signal comes between two operations of the coroutine.
            ++(e.code() == asio::error::operation_aborted ? cancelled : otherwise);
        }
        catch (...) {
            ++otherwise;
        }
    }

    int all() const { return well + cancelled + waited_too_long + otherwise; }
};

/// A call on a strand of its own, so that it can be cancelled from any thread.
struct stranded_call
{
    explicit stranded_call(asio::thread_pool& pool) : strand(asio::make_strand(pool)) {}

    void start(const client& c, int kind, tally* results)
    {
        asio::co_spawn(
            strand,
            some_call(c, kind),
            asio::bind_cancellation_slot(
                signal.slot(), [results](std::exception_ptr failure) { results->count(std::move(failure)); }
            )
        );
    }

    void cancel()
    {
        asio::post(strand, [this] { signal.emit(asio::cancellation_type::terminal); });
    }

    asio::strand<asio::thread_pool::executor_type> strand;
    asio::cancellation_signal signal;
};

}  // namespace

TEST_CASE("threads: eight threads share a client and few connections, with waits, time limits and cancellations")
{
    constexpr int calls = 400;
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    client_options options = test::options_for(target);
    options.pool.max_connections = 6;
    const bool impatient = GENERATE(false, true);
    if (impatient)
        options.timeouts.pool = 20ms;

    tally results;
    asio::thread_pool pool(8);
    std::optional<client> c(std::in_place, pool.get_executor(), options);
    std::deque<stranded_call> running;
    for (int i = 0; i < calls; ++i) {
        running.emplace_back(pool).start(*c, i % 3, &results);
        if (i % 5 == 4)
            running[static_cast<std::size_t>(i) - 2].cancel();
        CHECK(c->pool_stats().open <= 6);
    }
    pool.join();

    CHECK(results.all() == calls);
    CHECK(results.otherwise == 0);
    CHECK(results.well > 0);
    CHECK((impatient || results.waited_too_long == 0));
    CHECK((impatient || results.well >= calls * 4 / 5));
    const pool_stats stats = c->pool_stats();
    CHECK(stats.active == 0);
    CHECK(stats.waiting == 0);
    CHECK(stats.idle <= 6);
    CHECK(test::sockets_to(target.port()).size() == stats.idle);
    const closed_connections& closed = stats.closed;
    CHECK(stats.opened - stats.idle == closed.unfinished + closed.unusable);
    c.reset();
    CHECK(test::sockets_to(target.port()).empty());
}

namespace {

/// How often each hook was called.
struct hook_counts
{
    std::atomic<std::size_t> requests = 0;
    std::atomic<std::size_t> responses = 0;
    std::atomic<std::size_t> retries = 0;
    std::atomic<std::size_t> completed = 0;
    std::atomic<std::size_t> failed = 0;
    std::atomic<std::size_t> opened = 0;
    std::atomic<std::size_t> reused = 0;
    std::atomic<std::size_t> closed = 0;
};

client_hooks counting_hooks(hook_counts& counts)
{
    client_hooks hooks;
    hooks.on_request = [&counts](const request_view& view) {
        ++counts.requests;
        return http_headers{{"traceparent", "00-" + std::to_string(view.attempt.call_id) + "-1"}};
    };
    hooks.on_response = [&counts](const response_view&) { ++counts.responses; };
    hooks.on_retry = [&counts](const retry_view&) { ++counts.retries; };
    hooks.on_complete = [&counts](const complete_view&) { ++counts.completed; };
    hooks.on_error = [&counts](const failure_view&) { ++counts.failed; };
    hooks.on_connection = [&counts](const connection_view& view) {
        switch (view.event) {
        case connection_event::opened:
            ++counts.opened;
            break;
        case connection_event::reused:
            ++counts.reused;
            break;
        case connection_event::closed:
            ++counts.closed;
            break;
        }
    };
    return hooks;
}

}  // namespace

TEST_CASE("threads: hooks and logger of a client see each event once, from eight threads")
{
    constexpr std::size_t calls = 200;
    constexpr std::size_t refused = 20;
    constexpr std::size_t repeated = 10;
    server target(test::plain_http());
    for (std::size_t i = 0; i < refused; ++i)
        target.enqueue(error_reply(404, "x"));
    for (std::size_t i = 0; i < repeated; ++i)
        target.enqueue(error_reply(503, "x"));
    hook_counts counts;
    const auto log = std::make_shared<test::recording_logger>(log_level::debug);
    client_options options = test::options_for(target);
    options.retry.max_retries = static_cast<int>(repeated);
    options.pool.max_connections = 16;
    options.hooks = counting_hooks(counts);
    options.logger = log;

    tally results;
    asio::thread_pool pool(8);
    std::optional<client> c(std::in_place, pool.get_executor(), options);
    std::deque<stranded_call> running;
    for (std::size_t i = 0; i < calls; ++i)
        running.emplace_back(pool).start(*c, static_cast<int>(i % 2), &results);
    pool.join();
    const pool_stats stats = c->pool_stats();
    c.reset();

    CHECK(static_cast<std::size_t>(results.well) == calls - refused);
    CHECK(counts.completed == calls - refused);
    CHECK(counts.failed == refused);
    CHECK(counts.retries == repeated);
    CHECK(counts.requests == calls + repeated);
    CHECK(counts.responses == calls + repeated);
    CHECK(counts.opened == stats.opened);
    CHECK(counts.reused == stats.reused);
    CHECK(counts.closed == stats.opened);
    CHECK(log->lines("request").size() == counts.requests);
    CHECK(log->lines("complete").size() == counts.completed);
    CHECK(log->lines("failed").size() == refused);
    CHECK(log->lines("connection_closed").size() == stats.opened);
    std::set<std::string> traces;
    for (const received_request& each : target.requests())
        traces.emplace(each.headers.find("traceparent").value_or(""));
    CHECK(traces.size() == calls);
}

}  // namespace client_threads_test
