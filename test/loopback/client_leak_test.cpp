#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/process_sockets.hpp"
#include "support/spawned_call.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <deque>
#include <memory>
#include <optional>

namespace client_leak_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

server_options with_or_without_tls()
{
    server_options options;
    options.tls = GENERATE(true, false);
    return options;
}

reply silent()
{
    reply r;
    r.without_header = true;
    r.end = reply_end::silence;
    return r;
}

reply endless_stream()
{
    reply r = event_stream_reply("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"first\"}}]}\n\n");
    r.stop_after = r.body.size();
    r.end = reply_end::silence;
    return r;
}

// The client is given away with the call, so that the caller may destroy its own.
asio::awaitable<void> ask(std::unique_ptr<client> c)
{
    const chat_completion_request request = test::hello();
    asio::awaitable<chat_completion> answer = c->chat_completions(request);
    c.reset();
    co_await std::move(answer);
}

asio::awaitable<void> pull_for_ever(std::unique_ptr<client> c, int* pulled)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c->chat_completions_stream(request);
    c.reset();
    while (const auto chunk = co_await stream.next())
        ++*pulled;
}

std::unique_ptr<client> copy(const client& c)
{
    return std::make_unique<client>(c);
}

std::size_t sockets(const server& target)
{
    return test::sockets_to(target.port()).size();
}

}  // namespace

TEST_CASE("leaks: a client destroyed with idle connections has closed them")
{
    server target(with_or_without_tls());
    asio::io_context context;
    std::optional<client> c(std::in_place, context.get_executor(), test::options_for(target));
    {
        test::spawned_call first(context, ask(copy(*c)));
        test::spawned_call second(context, ask(copy(*c)));
        test::run_until(context, [&] { return first.ended() && second.ended(); });
        first.rethrow();
        second.rethrow();
    }
    CHECK(sockets(target) == 2);
    c.reset();
    CHECK(sockets(target) == 0);
    CHECK(target.wait_for_connections_open(0, 5s));
}

TEST_CASE("leaks: calls and waiting calls outlive the client, and the last one takes the connections along")
{
    server target(with_or_without_tls());
    reply slow = text_reply("slow");
    slow.delay = 100ms;
    target.enqueue(slow);
    client_options options = test::options_for(target);
    options.pool.max_connections = 1;
    asio::io_context context;
    std::optional<client> c(std::in_place, context.get_executor(), options);
    std::deque<test::spawned_call> calls;
    for (int i = 0; i < 3; ++i)
        calls.emplace_back(context, ask(copy(*c)));
    test::run_until(context, [&] { return c->pool_stats().waiting == 2; });
    c.reset();
    for (const auto& each : calls) {
        test::run_until(context, [&] { return each.ended(); });
        each.rethrow();
    }
    CHECK(target.requests().size() == 3);
    CHECK(target.connections_accepted() == 1);
    CHECK(sockets(target) == 0);
}

TEST_CASE("leaks: a context destroyed in the middle of calls and waits leaves no socket")
{
    server target(with_or_without_tls());
    target.enqueue(endless_stream());
    target.enqueue(silent());
    client_options options = test::options_for(target);
    options.pool.max_connections = 2;
    const bool client_goes_first = GENERATE(true, false);
    {
        int pulled = 0;
        asio::io_context context;
        std::optional<client> c(std::in_place, context.get_executor(), options);
        asio::co_spawn(context, pull_for_ever(copy(*c), &pulled), [](std::exception_ptr) {});
        test::run_until(context, [&] { return pulled == 1; });
        for (int i = 0; i < 5; ++i)
            asio::co_spawn(context, ask(copy(*c)), [](std::exception_ptr) {});
        test::run_until(context, [&] { return c->pool_stats().waiting == 4 && target.requests().size() == 2; });
        CHECK(sockets(target) == 2);
        context.stop();
        if (client_goes_first)
            c.reset();
    }
    CHECK(sockets(target) == 0);
    CHECK(target.wait_for_connections_open(0, 5s));
}

TEST_CASE("leaks: a stopped context goes on where it was when it is run again")
{
    server target(with_or_without_tls());
    asio::io_context context;
    const client c(context.get_executor(), test::options_for(target));
    test::spawned_call call(context, ask(copy(c)));
    for (int i = 0; i < 3; ++i)
        context.run_one_for(10ms);
    context.stop();
    test::run_until(context, [&] { return call.ended(); });
    call.rethrow();
    CHECK(c.pool_stats().idle == 1);
}

TEST_CASE("leaks: a cancelled or dropped stream has closed its socket, and a failed call too")
{
    server target(with_or_without_tls());
    asio::io_context context;
    client_options options = test::options_for(target);
    options.retry.max_retries = 0;
    const client c(context.get_executor(), options);
    SECTION("cancelled in the header")
    {
        target.enqueue(silent());
        test::spawned_call call(context, ask(copy(c)));
        test::run_until(context, [&] { return target.requests().size() == 1; });
        CHECK(sockets(target) == 1);
        call.cancel();
        test::run_until(context, [&] { return call.ended(); });
    }
    SECTION("cancelled in the stream")
    {
        target.enqueue(endless_stream());
        int pulled = 0;
        test::spawned_call call(context, pull_for_ever(copy(c), &pulled));
        test::run_until(context, [&] { return pulled == 1; });
        CHECK(sockets(target) == 1);
        call.cancel();
        test::run_until(context, [&] { return call.ended(); });
    }
    SECTION("failed")
    {
        reply cut;
        cut.without_header = true;
        cut.end = reply_end::reset;
        target.enqueue(cut);
        test::spawned_call call(context, ask(copy(c)));
        test::run_until(context, [&] { return call.ended(); });
        CHECK_THROWS_AS(call.rethrow(), connection_error);
    }
    CHECK(sockets(target) == 0);
    CHECK(c.pool_stats().open == 0);
    CHECK(c.pool_stats().closed.unfinished == 1);
}

}  // namespace client_leak_test
