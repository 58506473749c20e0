#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <string>

namespace client_deferred_options_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

asio::awaitable<chat_completion> fetch(asio::any_io_executor executor, client_options with, call_options options)
{
    const client c(executor, std::move(with));
    const deferred_options waits{.first_wait = 1ms, .max_wait = 4ms, .deadline = 20s};
    asio::awaitable<chat_completion> answer = c.deferred_completion("r-1", waits, options);
    // Copied at once: the call does not see this.
    options = call_options{};
    co_return co_await std::move(answer);
}

chat_completion fetch(const client_options& with, const call_options& options)
{
    return test::run_coro([&](asio::any_io_executor executor) { return fetch(executor, with, options); });
}

reply pending()
{
    reply r;
    r.status = 202;
    return r;
}

}  // namespace

TEST_CASE("deferred options: headers and query of the call go with every question, and the raw body is kept")
{
    server target(test::plain_http());
    target.enqueue_lookup(pending());
    target.enqueue_lookup(text_reply("later"));
    call_options call;
    call.headers = {{"X-Call", "1"}};
    call.removed_headers = {"User-Agent"};
    call.query = {{"v", "1"}};
    call.idempotency_key = "mine";
    call.raw_body = true;
    const chat_completion answer = fetch(test::options_for(target), call);
    CHECK(answer.text() == "later");
    CHECK(answer.info.body == text_reply("later").body);
    REQUIRE(target.lookups().size() == 2);
    for (const received_request& each : target.lookups()) {
        CHECK(each.target.ends_with("/r-1?v=1"));
        CHECK(each.headers.find("X-Call") == "1");
        CHECK_FALSE(each.headers.contains("User-Agent"));
        CHECK_FALSE(each.headers.contains("Idempotency-Key"));
    }
}

TEST_CASE("deferred options: the retries of the call are those of each question")
{
    server target(test::plain_http());
    target.enqueue_lookup(error_reply(503, "x"));
    call_options call;
    call.retry = retry_options{.max_retries = 0};
    CHECK_THROWS_AS(fetch(test::options_for(target), call), internal_server_error);
    CHECK(target.lookups().size() == 1);
}

TEST_CASE("deferred options: the limits of the call count, the total one beside the deadline")
{
    server target(test::plain_http());
    reply silent;
    silent.without_header = true;
    silent.end = reply_end::silence;
    target.enqueue_lookup(silent);
    client_options options = test::options_for(target);
    options.retry.max_retries = 0;
    call_options call;
    call.timeouts = timeout_options{};
    call_phase expected = call_phase::response_header;
    SECTION("header")
    {
        call.timeouts->response_header = 50ms;
    }
    SECTION("total")
    {
        call.timeouts->total = 50ms;
        expected = call_phase::total;
    }
    try {
        fetch(options, call);
        FAIL("no error");
    }
    catch (const timeout_error& e) {
        CHECK(e.phase() == expected);
    }
}

TEST_CASE("deferred options: a question has no body, and what cannot be used is refused by the call itself")
{
    server target(test::plain_http());
    asio::io_context context;
    const client c(context.get_executor(), test::options_for(target));
    call_options call;
    SECTION("body")
    {
        call.body = {{"user", "u"}};
        CHECK_THROWS_AS(c.deferred_completion("r-1", deferred_options{}, call), invalid_request_error);
    }
    SECTION("header")
    {
        call.headers = {{"X", "a\r\nb"}};
        CHECK_THROWS_AS(c.deferred_completion("r-1", deferred_options{}, call), config_error);
    }
    CHECK(target.connections_accepted() == 0);
}

}  // namespace client_deferred_options_test
