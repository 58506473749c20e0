#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/cancel_when.hpp"
#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/error.hpp>
#include <boost/json/serialize.hpp>

#include <stdexcept>
#include <string>

namespace client_deferred_test {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

deferred_options quick()
{
    return {.first_wait = 1ms, .max_wait = 4ms, .deadline = 20s};
}

asio::awaitable<chat_completion>
fetch(asio::any_io_executor executor, client_options options, std::string request_id, deferred_options waits)
{
    const client c(executor, std::move(options));
    co_return co_await c.deferred_completion(request_id, waits);
}

chat_completion
fetch(const client_options& options, const std::string& request_id = "r-1", const deferred_options& waits = quick())
{
    return test::run_coro([&](asio::any_io_executor executor) { return fetch(executor, options, request_id, waits); });
}

template <class Error>
Error failure(const client_options& options, const deferred_options& waits = quick())
{
    try {
        fetch(options, "r-1", waits);
    }
    catch (const Error& e) {
        return e;
    }
    FAIL("no error");
    throw std::logic_error("not reached");
}

asio::awaitable<void> fetch_into(client c, deferred_options waits, int& answers /* borrowed */)
{
    co_await c.deferred_completion("r-1", waits);
    ++answers;
}

std::string header_of(const received_request& request, std::string_view name)
{
    return std::string(request.headers.find(name).value_or("(absent)"));
}

reply pending()
{
    reply r;
    r.status = 202;
    return r;
}

reply silent()
{
    reply r;
    r.without_header = true;
    r.end = reply_end::silence;
    return r;
}

chat_completion_request deferred_hello()
{
    chat_completion_request request = test::hello();
    request.deferred = true;
    return request;
}

}  // namespace

TEST_CASE("deferred: an answer is ordered, waited for and fetched once, over HTTPS and over HTTP")
{
    server_options with;
    with.tls = GENERATE(true, false);
    with.deferred_polls = 3;
    server target(with);
    const client_options options = test::options_for(target);
    const chat_completion ordered = test::ask(options, deferred_hello());
    CHECK(ordered.choices.empty());
    REQUIRE(ordered.request_id.has_value());

    const chat_completion answer = fetch(options, ordered.request_id.value());
    CHECK(answer.text() == "You said: Hello");
    CHECK(answer.info.status == 200);
    CHECK(answer.info.retries_taken == 0);
    CHECK(answer.info.timings.total > 0us);
    CHECK(target.lookups().size() == 4);
    CHECK(target.connections_accepted() == 2);  // all questions went over one

    CHECK_THROWS_AS(fetch(options, ordered.request_id.value()), not_found_error);
    CHECK_THROWS_AS(fetch(options, "unknown"), not_found_error);
}

TEST_CASE("deferred: a question has the headers of the client, and neither body nor idempotency key")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    options.headers = {{"X-Tenant", "acme"}, {"Idempotency-Key", "mine"}};
    target.enqueue_lookup(text_reply("done"));
    fetch(options, "a/b ?#%\xC3\xA9.~-_");
    const received_request seen = target.lookups().at(0);
    CHECK(seen.method == "GET");
    CHECK(seen.target == "/v1/chat/deferred-completion/a%2Fb%20%3F%23%25%C3%A9.~-_");
    CHECK(seen.body.empty());
    CHECK(header_of(seen, "Authorization") == "Bearer test-key");
    CHECK(header_of(seen, "X-Tenant") == "acme");
    CHECK(header_of(seen, "Accept") == "application/json");
    for (const char* name : {"Idempotency-Key", "Content-Type", "Content-Length", "Transfer-Encoding"})
        CHECK(header_of(seen, name) == "(absent)");
}

TEST_CASE("deferred: a server that ignores the flag answers at once")
{
    server target(test::plain_http());
    target.enqueue(text_reply("at once"));
    CHECK(test::ask(test::options_for(target), deferred_hello()).text() == "at once");
}

TEST_CASE("deferred: a stream of it is refused")
{
    asio::io_context context;
    const client c(context.get_executor(), {.api_key = "k"});
    const chat_completion_request request = deferred_hello();
    CHECK_THROWS_AS(c.chat_completions_stream(request), invalid_request_error);
}

TEST_CASE("deferred: each question is repeated when it fails for a moment")
{
    server target(test::plain_http());
    for (int i = 0; i < 2; ++i) {
        reply limited = error_reply(429, "slowly");
        limited.headers.set("retry-after-ms", "1");
        target.enqueue_lookup(limited);
        target.enqueue_lookup(error_reply(503, "busy"));
        target.enqueue_lookup(pending());
    }
    reply broken = text_reply("lost");
    broken.stop_after = 5;
    broken.end = reply_end::cut;
    target.enqueue_lookup(broken);
    target.enqueue_lookup(text_reply("done"));
    const chat_completion answer = fetch(test::options_for(target));
    CHECK(answer.text() == "done");
    CHECK(answer.info.retries_taken == 1);
    const auto seen = target.lookups();
    REQUIRE(seen.size() == 8);
    CHECK(header_of(seen[2], "X-Stainless-Retry-Count") == "2");
    CHECK(header_of(seen[3], "X-Stainless-Retry-Count") == "0");
}

TEST_CASE("deferred: a failure that lasts is thrown")
{
    server target(test::plain_http());
    target.enqueue_lookup(pending());
    const int status = GENERATE(401, 404, 500);
    for (int i = 0; i < 3; ++i)
        target.enqueue_lookup(error_reply(status, "no"));
    const auto e = failure<api_error>(test::options_for(target));
    CHECK(e.status() == status);
    CHECK(e.retries_taken() == (status == 500 ? 2 : 0));
}

TEST_CASE("deferred: an error object in place of the answer is an error")
{
    server target(test::plain_http());
    target.enqueue_lookup(json_reply({{"error", {{"message", "model broke"}, {"type", "server_error"}}}}));
    const auto e = failure<api_error>(test::options_for(target));
    CHECK(e.type() == "server_error");
    CHECK(target.lookups().size() == 1);
}

TEST_CASE("deferred: an answer that cannot be read is kept whole, and not asked for again")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    reply unreadable;
    std::size_t kept = std::string::npos;
    errc code = errc::invalid_response;
    SECTION("no JSON")
    {
        unreadable.body = "<html>swordfish " + std::string(100'000, 'x');
    }
    SECTION("a wrong type")
    {
        unreadable.body = R"({"id":"swordfish","choices":{}})";
    }
    SECTION("an encoding that was not asked for")
    {
        unreadable.body = "swordfish";
        unreadable.headers.set("Content-Encoding", "br");
    }
    SECTION("too large: as far as the limit goes")
    {
        unreadable = text_reply("swordfish " + std::string(100'000, 'x'));
        options.limits.max_body_bytes = kept = 50'000;
        code = errc::limit_exceeded;
    }
    target.enqueue_lookup(unreadable);
    const auto e = failure<unreadable_result_error>(options);
    CHECK(e.code() == code);
    CHECK(e.status() == 200);
    CHECK(e.body() == unreadable.body.substr(0, kept));
    CHECK(e.body_head() == unreadable.body.substr(0, 2048));
    CHECK(std::string(e.what()).find("swordfish") == std::string::npos);
    CHECK(target.lookups().size() == 1);
}

TEST_CASE("deferred: at the deadline the waiting ends with a timeout that says so")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    options.retry.max_retries = 5;
    SECTION("between two questions")
    {
        for (int i = 0; i < 1000; ++i)
            target.enqueue_lookup(pending());
        const auto e = failure<timeout_error>(options, {.first_wait = 1ms, .max_wait = 5ms, .deadline = 500ms});
        CHECK(e.phase() == call_phase::deferred);
        CHECK(std::string(e.what()).find("deferred after") != std::string::npos);
        CHECK(target.lookups().size() > 1);
    }
    SECTION("a wait that would pass it is not begun")
    {
        reply later = pending();
        later.headers.set("Retry-After", "60");
        target.enqueue_lookup(later);
        CHECK(failure<timeout_error>(options, {.deadline = 30s}).phase() == call_phase::deferred);
        CHECK(target.lookups().size() == 1);
    }
    SECTION("in a question that is not answered")
    {
        target.enqueue_lookup(silent());
        CHECK(failure<timeout_error>(options, {.deadline = 50ms}).phase() == call_phase::deferred);
        CHECK(target.lookups().size() == 1);
    }
    SECTION("the total limit of the client holds as well")
    {
        options.timeouts.total = 50ms;
        target.enqueue_lookup(silent());
        CHECK(failure<timeout_error>(options, {}).phase() == call_phase::total);
    }
}

TEST_CASE("deferred: an answer whose header has come is read to its end after the deadline")
{
    server target(test::plain_http());
    reply slow = text_reply("slow but whole");
    slow.piece_bytes = slow.body.size() / 3;
    slow.piece_delay = 200ms;
    target.enqueue_lookup(slow);
    CHECK(fetch(test::options_for(target), "r-1", {.deadline = 300ms}).text() == "slow but whole");
}

TEST_CASE("deferred: cancelling ends a question and a wait")
{
    server target(test::plain_http());
    const bool in_wait = GENERATE(true, false);
    target.enqueue_lookup(in_wait ? pending() : silent());
    asio::io_context context;
    int answers = 0;
    {
        const client c(context.get_executor(), test::options_for(target));
        // The pool gets the connection back when the wait begins.
        const auto ready = [&] { return target.lookups().size() == 1; };
        try {
            test::cancel_when(context, fetch_into(c, {.first_wait = 9s}, answers), ready);
            FAIL("not cancelled");
        }
        catch (const error& e) {
            CHECK(e.code() == asio::error::operation_aborted);
        }
    }
    CHECK(answers == 0);
    CHECK(target.lookups().size() == 1);
    CHECK(target.wait_for_connections_open(0, 5s));
}

TEST_CASE("deferred: an id or an option that cannot be is refused by the call itself")
{
    asio::io_context context;
    const client c(context.get_executor(), {.api_key = "k"});
    for (const std::string& id : {std::string(), std::string("."), std::string(".."), std::string(1025, 'x')})
        CHECK_THROWS_AS(c.deferred_completion(id), invalid_request_error);
    CHECK_THROWS_AS(c.deferred_completion("r-1", {.first_wait = 0ms}), config_error);
    CHECK_NOTHROW(c.deferred_completion(std::string(1024, 'x')));
    CHECK(context.run() == 0);
}

}  // namespace client_deferred_test
