#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/process_sockets.hpp"
#include "support/spawned_call.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace client_pool_limits_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

/// One event, and then nothing: its stream has a connection until it is dropped.
reply endless_stream()
{
    reply r = event_stream_reply("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"first\"}}]}\n\n");
    r.stop_after = r.body.size();
    r.end = reply_end::silence;
    return r;
}

asio::awaitable<void> open_stream(client c, std::optional<chat_completion_stream>* where)
{
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await c.chat_completions_stream(request);
    co_await stream.next();
    where->emplace(std::move(stream));
}

asio::awaitable<void> read_two(client c, std::optional<chat_completion_stream>* where, bool* at_end)
{
    co_await open_stream(std::move(c), where);
    const auto second = co_await (*where)->next();
    *at_end = !second;
}

asio::awaitable<void> ask(client c, std::string text, chat_completion* answer)
{
    const chat_completion_request request{.model = "m", .messages = {user_message{std::move(text)}}};
    *answer = co_await c.chat_completions(request);
}

client_options one_connection(const server& target)
{
    client_options options = test::options_for(target);
    options.pool.max_connections_per_host = 1;
    return options;
}

/// A client whose only connection is in use by a stream.
struct busy_client
{
    explicit busy_client(client_options options, server& target) : c(context.get_executor(), std::move(options))
    {
        target.enqueue(endless_stream());
        test::spawned_call opening(context, open_stream(c, &holder));
        test::run_until(context, [&] { return opening.ended(); });
        opening.rethrow();
        REQUIRE(holder);
    }

    asio::io_context context;
    client c;
    std::optional<chat_completion_stream> holder;
};

/// How a call ends that waits for the connection in use.
timeout_error timeout_of_waiting(busy_client& busy)
{
    chat_completion answer;
    test::spawned_call call(busy.context, ask(busy.c, "waits", &answer));
    test::run_until(busy.context, [&] { return call.ended(); });
    try {
        call.rethrow();
    }
    catch (const timeout_error& e) {
        return e;
    }
    throw std::logic_error("the call did not run into a time limit");
}

std::vector<std::string> texts_received(const server& target)
{
    std::vector<std::string> texts;
    for (const received_request& each : target.requests())
        texts.emplace_back(boost::json::parse(each.body).at("messages").at(0).at("content").as_string());
    return texts;
}

}  // namespace

TEST_CASE("pool limits: calls wait for the connection, are served in the order of arrival, and use it again")
{
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    busy_client busy(one_connection(target), target);
    std::vector<chat_completion> answers(5);
    std::deque<test::spawned_call> calls;
    std::vector<std::string> expected{"Hello"};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        expected.push_back(std::to_string(i));
        calls.emplace_back(busy.context, ask(busy.c, expected.back(), &answers[i]));
    }
    test::run_until(busy.context, [&] { return busy.c.pool_stats().waiting == 5; });
    CHECK(busy.c.pool_stats().open == 1);
    CHECK(target.requests().size() == 1);

    busy.holder.reset();
    for (const auto& each : calls) {
        test::run_until(busy.context, [&] { return each.ended(); });
        each.rethrow();
    }
    CHECK(texts_received(target) == expected);
    CHECK(target.connections_accepted() == 2);  // the stream's could not be used again
    CHECK(answers[4].info.timings.reused_connection);
    CHECK(answers[4].info.timings.queue.count() > 0);
    const pool_stats stats = busy.c.pool_stats();
    CHECK(stats.open == 1);
    CHECK(stats.idle == 1);
    CHECK(stats.opened == 2);
    CHECK(stats.reused == 4);
    CHECK(stats.waiting == 0);
    CHECK(stats.closed.unfinished == 1);
}

TEST_CASE("pool limits: a call that waits too long fails with a timeout of the pool, and is not tried again")
{
    server target(test::plain_http());
    client_options options = one_connection(target);
    options.timeouts.pool = 50ms;
    options.retry.max_retries = 5;
    busy_client busy(options, target);
    const timeout_error e = timeout_of_waiting(busy);
    CHECK(e.phase() == call_phase::pool);
    CHECK(e.elapsed() > 0ms);
    CHECK(e.retries_taken() == 0);
    CHECK(std::string(e.what()).find("pool") != std::string::npos);
    CHECK(busy.c.pool_stats().waiting == 0);
    CHECK(target.requests().size() == 1);
}

TEST_CASE("pool limits: the total limit counts while a call waits")
{
    server target(test::plain_http());
    client_options options = one_connection(target);
    options.timeouts.total = 500ms;
    busy_client busy(options, target);
    CHECK(timeout_of_waiting(busy).phase() == call_phase::total);
    CHECK(busy.c.pool_stats().waiting == 0);
}

TEST_CASE("pool limits: a call cancelled while it waits leaves the queue, and the next one is served")
{
    server target(test::plain_http());
    busy_client busy(one_connection(target), target);
    chat_completion answers[2];
    test::spawned_call cancelled(busy.context, ask(busy.c, "cancelled", &answers[0]));
    test::spawned_call next(busy.context, ask(busy.c, "next", &answers[1]));
    test::run_until(busy.context, [&] { return busy.c.pool_stats().waiting == 2; });
    SECTION("before its turn")
    {
        cancelled.cancel();
        test::run_until(busy.context, [&] { return cancelled.ended(); });
        CHECK(busy.c.pool_stats().waiting == 1);
        busy.holder.reset();
    }
    SECTION("in the moment of its turn")
    {
        // The place is given while this thread does not run the context: the call learns of both at once.
        busy.holder.reset();
        test::run_until(busy.context, [&] { return busy.c.pool_stats().waiting < 2; });
        cancelled.cancel();
    }
    test::run_until(busy.context, [&] { return cancelled.ended() && next.ended(); });
    try {
        cancelled.rethrow();
        FAIL("not cancelled");
    }
    catch (const error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
    }
    next.rethrow();
    CHECK_FALSE(answers[1].text().empty());
    CHECK(busy.c.pool_stats().active == 0);
    CHECK(busy.c.pool_stats().waiting == 0);
}

TEST_CASE("pool limits: a connection that cannot be made gives its place to the next call")
{
    server target(test::plain_http());
    client_options options = one_connection(target);
    options.base_url = "http://127.0.0.1:1";
    options.retry.max_retries = 0;
    asio::io_context context;
    const client c(context.get_executor(), options);
    std::vector<chat_completion> answers(3);
    std::deque<test::spawned_call> calls;
    for (chat_completion& answer : answers)
        calls.emplace_back(context, ask(c, "x", &answer));
    for (const auto& each : calls) {
        test::run_until(context, [&] { return each.ended(); });
        CHECK_THROWS_AS(each.rethrow(), connection_error);
    }
    CHECK(c.pool_stats() == pool_stats{});
}

TEST_CASE("pool: a request that is sent again on a new connection is counted")
{
    server target(test::plain_http());
    target.enqueue(text_reply("one"));
    reply dies;
    dies.without_header = true;
    dies.end = reply_end::close;
    target.enqueue(dies);
    asio::io_context context;
    const client c(context.get_executor(), one_connection(target));
    for (int i = 0; i < 2; ++i) {
        const chat_completion_request request = test::hello();
        context.restart();
        test::run_coro_on(context, c.chat_completions(request));
    }
    const pool_stats stats = c.pool_stats();
    CHECK(stats.opened == 2);
    CHECK(stats.reused == 1);
    CHECK(stats.resent == 1);
    CHECK(stats.closed.unusable == 1);
    CHECK(stats.idle == 1);
}

TEST_CASE("pool: idle connections are closed when the user asks for it, and calls under way go on")
{
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    busy_client busy(test::options_for(target), target);
    chat_completion answer;
    test::spawned_call call(busy.context, ask(busy.c, "x", &answer));
    test::run_until(busy.context, [&] { return call.ended(); });
    CHECK(test::sockets_to(target.port()).size() == 2);
    busy.c.close_idle_connections();
    CHECK(test::sockets_to(target.port()).size() == 1);
    CHECK(busy.c.pool_stats().active == 1);
    CHECK(busy.c.pool_stats().idle == 0);
    CHECK(busy.c.pool_stats().closed.requested == 1);
}

TEST_CASE("pool: a stream that ended without the end of its body delays nobody, and its connection is closed")
{
    server target(test::plain_http());
    reply r = event_stream_reply("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},"
                                 "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    r.stop_after = r.body.size();
    r.end = reply_end::silence;
    target.enqueue(r);
    asio::io_context context;
    const client c(context.get_executor(), one_connection(target));
    std::optional<chat_completion_stream> stream;
    bool at_end = false;
    test::spawned_call reading(context, read_two(c, &stream, &at_end));
    test::run_until(context, [&] { return reading.ended(); });
    reading.rethrow();
    CHECK(at_end);
    CHECK(c.pool_stats().idle == 1);  // its end may still come

    chat_completion answer;
    test::spawned_call call(context, ask(c, "x", &answer));
    test::run_until(context, [&] { return call.ended(); });
    call.rethrow();
    CHECK_FALSE(answer.info.timings.reused_connection);
    CHECK(c.pool_stats().closed.unusable == 1);
    CHECK(test::sockets_to(target.port()).size() == 1);
}

}  // namespace client_pool_limits_test
