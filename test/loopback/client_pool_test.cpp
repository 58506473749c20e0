#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/io_context.hpp>

#include <string>

namespace client_pool_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

asio::awaitable<std::vector<bool>> ask_twice(client c, server* target, bool close_between)
{
    const chat_completion_request request = test::hello();
    const chat_completion first = co_await c.chat_completions(request);
    // The server may still be on its way back to waiting for a request.
    for (int i = 0; close_between && i < 500 && !target->wait_for_connections_open(0, 10ms); ++i)
        target->close_idle_connections();
    const chat_completion second = co_await c.chat_completions(request);
    co_return std::vector<bool>{first.info.timings.reused_connection, second.info.timings.reused_connection};
}

std::vector<bool> ask_twice(server& target, client_options options, bool close_between = false)
{
    return test::run_coro([&](asio::any_io_executor executor) {
        return ask_twice(client(executor, std::move(options)), &target, close_between);
    });
}

asio::awaitable<void> stream_then_ask(client c)
{
    const chat_completion_request request = test::hello();
    for (int i = 0; i < 3; ++i) {
        chat_completion_stream stream = co_await c.chat_completions_stream(request);
        while (const auto chunk = co_await stream.next())
            CHECK(stream.info().status == 200);
        const chat_completion answer = co_await c.chat_completions(request);
        CHECK(answer.info.timings.reused_connection);
    }
}

}  // namespace

TEST_CASE("pool: the connection is kept and used again, over HTTPS and over HTTP")
{
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    CHECK(ask_twice(target, test::options_for(target)) == std::vector<bool>{false, true});
    CHECK(target.connections_accepted() == 1);
    CHECK(target.wait_for_connections_open(0, 5s));  // the client is gone
}

TEST_CASE("pool: the connection of a stream is used again after [DONE]")
{
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    test::run_coro([&](asio::any_io_executor executor) {
        return stream_then_ask(client(executor, test::options_for(target)));
    });
    CHECK(target.connections_accepted() == 1);
}

TEST_CASE("pool: a connection that the server has closed is not used")
{
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    CHECK(ask_twice(target, test::options_for(target), true) == std::vector<bool>{false, false});
    CHECK(target.connections_accepted() == 2);
    CHECK(target.requests().size() == 2);
}

namespace {

// The second request arrives over the connection of the first, and is the last there.
void answer_once_and_die(server& target)
{
    target.enqueue(text_reply("one"));
    reply dies;
    dies.without_header = true;
    dies.end = GENERATE(reply_end::close, reply_end::cut, reply_end::reset);
    target.enqueue(dies);
}

}  // namespace

TEST_CASE("pool: a kept connection that dies when the request arrives is replaced, without a retry")
{
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    answer_once_and_die(target);
    target.enqueue(text_reply("two"));
    client_options options = test::options_for(target);
    options.retry.max_retries = 0;
    CHECK(ask_twice(target, options) == std::vector<bool>{false, false});
    CHECK(target.requests().size() == 3);
    CHECK(target.requests()[2].headers.find("X-Stainless-Retry-Count") == "0");
}

namespace {

asio::awaitable<void> ask_then_ask_once(client c)
{
    const chat_completion_request request = test::hello();
    co_await c.chat_completions(request);
    call_options options;
    options.resend_on_dead_connection = false;
    options.retry.emplace().max_retries = 0;
    co_await c.chat_completions(request, options);
}

}  // namespace

TEST_CASE("pool: a request that must not be sent twice fails when its kept connection dies")
{
    server_options with;
    with.tls = GENERATE(true, false);
    server target(with);
    answer_once_and_die(target);
    const auto both = [&](asio::any_io_executor executor) {
        return ask_then_ask_once(client(executor, test::options_for(target)));
    };
    CHECK_THROWS_AS(test::run_coro(both), connection_error);
    REQUIRE(target.requests().size() == 2);
    CHECK(target.requests()[1].connection == target.requests()[0].connection);
}

TEST_CASE("pool: a new connection that dies is not replaced silently")
{
    server target(test::plain_http());
    reply dies;
    dies.without_header = true;
    dies.end = reply_end::close;
    target.enqueue(dies);
    client_options options = test::options_for(target);
    options.retry.max_retries = 0;
    CHECK_THROWS_AS(test::ask(options), connection_error);
    CHECK(target.requests().size() == 1);
}

TEST_CASE("pool: a connection is not kept when the server says so, when bytes are left over, or when reuse is off")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    SECTION("Connection: close")
    {
        reply r = text_reply("x");
        r.headers.set("Connection", "close");
        target.enqueue(r);
    }
    SECTION("until close")
    {
        reply r = text_reply("x");
        r.framing = body_framing::until_close;
        r.end = reply_end::close;
        target.enqueue(r);
    }
    SECTION("surplus bytes")
    {
        reply r;
        const std::string body = R"({"id":"x"})";
        r.raw = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body + "HTTP/1.1 200 OK\r\n";
        target.enqueue(r);
    }
    SECTION("reuse switched off")
    {
        options.pool.max_idle_connections = 0;
    }
    CHECK(ask_twice(target, options) == std::vector<bool>{false, false});
    CHECK(target.connections_accepted() == 2);
}

TEST_CASE("pool: destroying the context with idle connections leaves nothing open")
{
    server target(test::plain_http());
    std::optional<client> survivor;
    {
        asio::io_context context;
        survivor.emplace(context.get_executor(), test::options_for(target));
        test::run_coro_on(context, ask_twice(*survivor, &target, false));
        survivor.reset();
        CHECK(target.wait_for_connections_open(0, 5s));
    }
}

namespace {

asio::awaitable<void> ask_and_look(client c, server* target)
{
    const chat_completion_request request = test::hello();
    co_await c.chat_completions(request);
    CHECK(target->wait_for_connections_open(0, 5s));
}

}  // namespace

TEST_CASE("pool: a connection that is of no more use is closed at once, not when somebody looks")
{
    server target(test::plain_http());
    reply r = text_reply("x");
    r.headers.set("Connection", "close");
    r.end = reply_end::silence;  // the server leaves the closing to the client
    target.enqueue(r);
    test::run_coro([&](asio::any_io_executor executor) {
        return ask_and_look(client(executor, test::options_for(target)), &target);
    });
}

}  // namespace client_pool_test
