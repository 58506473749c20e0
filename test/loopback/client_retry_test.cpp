#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/background_program.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/process_sockets.hpp"
#include "support/spawned_call.hpp"

#include <memory>
#include <string>
#include <vector>

namespace client_retry_test {

namespace asio = boost::asio;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

/// What on_retry was told.
struct retry_seen
{
    int attempt;
    boost::system::error_code code;
    milliseconds wait;
};

using retries_seen = std::shared_ptr<std::vector<retry_seen>>;

retries_seen record_retries(client_options& options)
{
    const auto seen = std::make_shared<std::vector<retry_seen>>();
    options.hooks.on_retry = [seen](const retry_view& view) {
        seen->push_back({view.attempt.attempt, view.failure.code(), view.wait});
    };
    return seen;
}

reply limited(http_headers hint)
{
    reply r = error_reply(429, "slow down");
    r.headers = std::move(hint);
    return r;
}

reply reset_before_header()
{
    reply r;
    r.without_header = true;
    r.end = reply_end::reset;
    return r;
}

asio::awaitable<void> ask(client c)
{
    const chat_completion_request request = test::hello();
    const chat_completion answer = co_await c.chat_completions(request);
}

asio::awaitable<void> ask_two(client first, client second)
{
    const chat_completion_request request = test::hello();
    const chat_completion answer = co_await first.chat_completions(request);
    CHECK(answer.info.retries_taken == 1);
    try {
        co_await second.chat_completions(request);
        FAIL("no error");
    }
    catch (const internal_server_error& e) {
        CHECK(e.retries_taken() == 0);
    }
}

}  // namespace

TEST_CASE("retry: the wait is the server's hint where there is one that can be read, and the back-off otherwise")
{
    struct row
    {
        http_headers hint;
        milliseconds wait;
    };

    // The back-off is 7 ms.
    const row rows[] = {
        {{}, 7ms},
        {{{"retry-after-ms", "3"}}, 3ms},
        {{{"Retry-After", "0"}}, 0ms},
        {{{"Retry-After", "0.004"}}, 4ms},
        {{{"retry-after-ms", "2"}, {"Retry-After", "50"}}, 2ms},
        {{{"retry-after-ms", "soon"}, {"Retry-After", "0.005"}}, 5ms},
        {{{"Retry-After", "-1"}}, 7ms},
        {{{"Retry-After", "nan"}}, 7ms},
        {{{"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"}}, 0ms},
        {{{"Retry-After", "Zun, 06 Nov 1994 08:49:37 GMT"}}, 7ms},
    };
    for (const row& each : rows) {
        server target(test::plain_http());
        target.enqueue(limited(each.hint));
        client_options options = test::options_for(target);
        options.retry.initial_backoff = 7ms;
        options.retry.max_backoff = 7ms;
        options.retry.jitter = 0;
        const retries_seen seen = record_retries(options);
        CHECK(test::ask(options).info.retries_taken == 1);
        REQUIRE(seen->size() == 1);
        CHECK(seen->at(0).attempt == 1);
        CHECK(seen->at(0).code == errc::rate_limit);
        CHECK(seen->at(0).wait == each.wait);
    }
}

TEST_CASE("retry: the waits grow by the factor up to their limit")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    options.retry = {.max_retries = 4, .initial_backoff = 2ms, .factor = 2.0, .max_backoff = 6ms, .jitter = 0.0};
    for (int i = 0; i < 4; ++i)
        target.enqueue(error_reply(500, "x"));
    const retries_seen seen = record_retries(options);
    test::ask(options);
    std::vector<milliseconds> waits;
    for (const retry_seen& each : *seen)
        waits.push_back(each.wait);
    CHECK(waits == std::vector<milliseconds>{2ms, 4ms, 6ms, 6ms});
}

TEST_CASE("retry: a wait that the total limit would cut short is not begun, whatever the failure, which is thrown")
{
    const bool stream = GENERATE(false, true);
    client_options options{.api_key = "k"};
    options.timeouts.total = 20s;
    options.retry = {.initial_backoff = 60s, .max_backoff = 60s};
    const retries_seen seen = record_retries(options);
    const auto call = [&] {
        if (stream)
            test::read_stream(options);
        else
            test::ask(options);
    };
    SECTION("nobody listens")
    {
        options.base_url = "http://127.0.0.1:" + std::to_string(test::free_port());
        CHECK_THROWS_AS(call(), connection_error);
    }
    SECTION("an error status")
    {
        server target(test::plain_http());
        target.enqueue(error_reply(503, "x"));
        options.base_url = target.url();
        CHECK_THROWS_AS(call(), internal_server_error);
    }
    SECTION("a limit of the attempt")
    {
        server target(test::plain_http());
        reply silent = reset_before_header();
        silent.end = reply_end::silence;
        target.enqueue(silent);
        options.base_url = target.url();
        options.timeouts.response_header = 50ms;
        try {
            call();
            FAIL("no error");
        }
        catch (const timeout_error& e) {
            CHECK(e.phase() == call_phase::response_header);
            CHECK(e.retries_taken() == 0);
        }
    }
    CHECK(seen->empty());
}

TEST_CASE("retry: the last failure is the one that is thrown, of whichever kind")
{
    server target(test::plain_http());
    target.enqueue(error_reply(503, "x"));
    target.enqueue(error_reply(429, "x"));
    target.enqueue(reset_before_header());
    client_options options = test::options_for(target);
    options.pool.max_idle_connections = 0;  // a kept connection that is reset would be replaced without a retry
    const retries_seen seen = record_retries(options);
    try {
        test::ask(options);
        FAIL("no error");
    }
    catch (const connection_error& e) {
        CHECK(e.phase() == call_phase::response_header);
        CHECK(e.retries_taken() == 2);
    }
    REQUIRE(seen->size() == 2);
    CHECK(seen->at(0).code == errc::internal_server);
    CHECK(seen->at(1).code == errc::rate_limit);
}

TEST_CASE("retry: a failed attempt has closed its connection, or given it back, before the wait")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    std::size_t expected = 0;
    SECTION("reset")
    {
        target.enqueue(reset_before_header());
    }
    SECTION("half a body")
    {
        reply half = text_reply("half");
        half.stop_after = half.body.size() / 2;
        half.end = reply_end::cut;
        target.enqueue(half);
    }
    SECTION("an error status")
    {
        target.enqueue(error_reply(503, "x"));
        expected = 1;
    }
    std::vector<std::size_t> sockets;
    options.hooks.on_retry = [&](const retry_view&) { sockets.push_back(test::sockets_to(target.port()).size()); };
    CHECK(test::ask(options).info.retries_taken == 1);
    CHECK(sockets == std::vector<std::size_t>{expected});
}

TEST_CASE("retry: a cancelled call is not tried again")
{
    server target(test::plain_http());
    reply silent = reset_before_header();
    silent.end = reply_end::silence;
    target.enqueue(silent);
    client_options options = test::options_for(target);
    options.retry.max_retries = 5;
    const retries_seen seen = record_retries(options);
    asio::io_context context;
    const client c(context.get_executor(), options);
    test::spawned_call call(context, ask(c));
    test::run_until(context, [&] { return target.requests().size() == 1; });
    call.cancel();
    test::run_until(context, [&] { return call.ended(); });
    CHECK_THROWS_AS(call.rethrow(), error);
    CHECK(seen->empty());
    CHECK(target.requests().size() == 1);
}

TEST_CASE("retry: what a credential provider throws is not tried again")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    options.api_key.reset();
    int asked = 0;
    options.credential_provider = [&asked]() -> asio::awaitable<std::string> {
        ++asked;
        throw std::runtime_error("the vault is closed");
    };
    CHECK_THROWS_AS(test::ask(options), credential_error);
    CHECK(asked == 1);
}

TEST_CASE("retry: derived clients have the budget of their parent, not one each")
{
    server target(test::plain_http());
    target.enqueue(error_reply(503, "x"));
    target.enqueue(text_reply("ok"));
    target.enqueue(error_reply(503, "x"));
    client_options options = test::options_for(target);
    options.retry_budget = retry_budget_options{.share = 0.0, .minimum = 1, .window = 1h};
    test::run_coro([&](asio::any_io_executor executor) {
        const client parent(executor, options);
        return ask_two(parent, parent.with_options(client_changes{}));
    });
    CHECK(target.requests().size() == 3);
}

}  // namespace client_retry_test
