#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/cancel_when.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace client_provider_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

struct counter
{
    int asked = 0;
    bool cancelled = false;
};

asio::awaitable<std::string> numbered_key(std::shared_ptr<counter> count)
{
    asio::steady_timer pause(co_await asio::this_coro::executor, 1ms);
    co_await pause.async_wait(asio::use_awaitable);
    co_return "key-" + std::to_string(++count->asked);
}

asio::awaitable<std::string> never(std::shared_ptr<counter> count)
{
    ++count->asked;
    asio::steady_timer pause(co_await asio::this_coro::executor, 1h);
    try {
        co_await pause.async_wait(asio::use_awaitable);
    }
    catch (const boost::system::system_error& e) {
        count->cancelled = e.code() == asio::error::operation_aborted;
    }
    co_return "too-late";
}

asio::awaitable<std::string> failing()
{
    throw std::runtime_error("the vault said s3cret");
    co_return "";
}

asio::awaitable<std::string> fixed(std::string key)
{
    co_return key;
}

client_options with_provider(const server& target, credential_provider provider)
{
    client_options options = test::options_for(target);
    options.api_key.reset();
    options.credential_provider = std::move(provider);
    return options;
}

asio::awaitable<void> ask_and_drop(asio::any_io_executor executor, client_options options)
{
    const chat_completion answer = co_await test::ask(executor, std::move(options), test::hello());
}

}  // namespace

TEST_CASE("credential provider: it is asked before every attempt, retries included")
{
    server target(test::plain_http());
    target.enqueue(error_reply(503, "x"));
    auto count = std::make_shared<counter>();
    test::ask(with_provider(target, [count] { return numbered_key(count); }));
    REQUIRE(target.requests().size() == 2);
    CHECK(target.requests().at(0).headers.find("Authorization") == "Bearer key-1");
    CHECK(target.requests().at(1).headers.find("Authorization") == "Bearer key-2");
}

TEST_CASE("credential provider: what it throws is kept, but not shown")
{
    server target(test::plain_http());
    try {
        test::ask(with_provider(target, [] { return failing(); }));
        FAIL("no error");
    }
    catch (const credential_error& e) {
        CHECK(e.code() == errc::credential);
        CHECK(std::string(e.what()).find("s3cret") == std::string::npos);
        CHECK(e.info().timings.attempts == 1);
        CHECK_THROWS_AS(std::rethrow_exception(e.cause()), std::runtime_error);
    }
    CHECK(target.connections_accepted() == 0);
}

TEST_CASE("credential provider: a key that cannot be sent is refused")
{
    server target(test::plain_http());
    const std::string key = GENERATE(as<std::string>(), "", " \t", "a\r\nX-Evil: 1");
    CHECK_THROWS_AS(test::ask(with_provider(target, [key] { return fixed(key); })), credential_error);
    CHECK(target.connections_accepted() == 0);
}

TEST_CASE("credential provider: the total limit covers it")
{
    server target(test::plain_http());
    auto count = std::make_shared<counter>();
    client_options options = with_provider(target, [count] { return never(count); });
    options.timeouts.total = 30ms;
    try {
        test::ask(options);
        FAIL("no error");
    }
    catch (const timeout_error& e) {
        CHECK(e.phase() == call_phase::total);
    }
    CHECK(count->cancelled);
}

TEST_CASE("credential provider: cancelling the call cancels it and leaves nothing behind")
{
    server target(test::plain_http());
    asio::io_context context;
    auto count = std::make_shared<counter>();
    client_options options = with_provider(target, [count] { return never(count); });
    try {
        test::cancel_when(context, ask_and_drop(context.get_executor(), options), [&] { return count->asked == 1; });
        FAIL("no error");
    }
    catch (const error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
    }
    CHECK(count->cancelled);
    CHECK(target.connections_accepted() == 0);
}

TEST_CASE("credential provider: together with a key it is contradictory")
{
    asio::io_context context;
    client_options options;
    options.api_key = "k";
    options.credential_provider = [] { return fixed("k"); };
    CHECK_THROWS_AS(client(context.get_executor(), options), config_error);
}

}  // namespace client_provider_test
