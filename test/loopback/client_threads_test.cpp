#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/process_sockets.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <deque>
#include <optional>

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
    while (const std::optional<chat_completion_chunk> chunk = co_await stream.next()) {
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
        catch (const error& e) {
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
