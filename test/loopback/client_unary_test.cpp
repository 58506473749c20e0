#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/error.hpp>
#include <boost/json/parse.hpp>

#include <string>

namespace client_unary_test {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

std::string header_of(const received_request& request, std::string_view name)
{
    return std::string(request.headers.find(name).value_or("(absent)"));
}

/// The error of one request, which must be of class Error.
template <class Error>
Error failure(const client_options& options)
{
    try {
        test::ask(options);
    }
    catch (const Error& e) {
        return e;
    }
    FAIL("no error");
    throw std::logic_error("not reached");
}

template <class Error>
void check_status(int status, errc code)
{
    server target(test::plain_http());
    target.enqueue(error_reply(status, "the prompt was: swordfish", "some_type", "some_code"));
    client_options options = test::options_for(target);
    options.retry.max_retries = 0;
    const Error e = failure<Error>(options);
    CHECK(e.status() == status);
    CHECK(e.code() == code);
    CHECK(e.message() == "the prompt was: swordfish");
    CHECK(e.type() == "some_type");
    CHECK(e.api_code() == "some_code");
    CHECK_FALSE(e.request_id().empty());
    CHECK(e.headers().contains("content-type"));
    CHECK(json::parse(e.body()).at("error").at("code") == "some_code");
    CHECK(std::string(e.what()).find("swordfish") == std::string::npos);
    CHECK(std::string(e.what()).find("test-key") == std::string::npos);
}

}  // namespace

TEST_CASE("unary: a question is answered over HTTPS and over HTTP")
{
    const bool tls = GENERATE(true, false);
    server_options with;
    with.tls = tls;
    server target(with);
    const chat_completion_request request{
        .model = "openai/gpt-5-nano",
        .messages = {system_message{"Be brief."}, user_message{"What is the capital of France?"}},
        .temperature = 0.2,
    };
    const chat_completion answer = test::ask(test::options_for(target), request);

    CHECK(answer.text().find("Paris") != std::string::npos);
    REQUIRE(answer.first_message() != nullptr);
    CHECK(answer.first_message()->text() == answer.text());
    CHECK(answer.choices.at(0).finish_reason == finish_reason::stop);
    CHECK(answer.usage->total_tokens == answer.usage->prompt_tokens + answer.usage->completion_tokens);
    CHECK(answer.info.status == 200);
    CHECK_FALSE(answer.info.request_id.empty());
    CHECK(answer.info.request_id == answer.info.headers.find("X-Request-Id"));
    CHECK(answer.info.retries_taken == 0);
    CHECK(answer.info.timings.total > 0us);
    CHECK(answer.info.timings.header > 0us);
    CHECK((answer.info.timings.tls > 0us) == tls);
    CHECK_FALSE(answer.info.timings.reused_connection);
}

TEST_CASE("unary: the request carries the documented headers and the body of the request")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    options.x_api_key = "second-key";
    options.provider = "openai";
    options.headers = {{"X-Tenant", "acme"}};
    test::ask(options);

    const received_request seen = target.requests().at(0);
    CHECK(seen.method == "POST");
    CHECK(seen.target == "/v1/chat/completions");
    CHECK(header_of(seen, "Authorization") == "Bearer test-key");
    CHECK(header_of(seen, "x-api-key") == "second-key");
    CHECK(header_of(seen, "X-Provider") == "openai");
    CHECK(header_of(seen, "X-Tenant") == "acme");
    CHECK(header_of(seen, "Content-Type") == "application/json");
    CHECK(header_of(seen, "Accept") == "application/json");
    CHECK(header_of(seen, "Accept-Encoding") == "gzip");
    CHECK(header_of(seen, "Host") == "localhost:" + std::to_string(target.port()));
    CHECK(header_of(seen, "X-Stainless-Retry-Count") == "0");
    CHECK(header_of(seen, "Idempotency-Key").size() > 20);
    const json::object body = json::parse(seen.body).as_object();
    CHECK(body.at("model") == "openai/gpt-5-nano");
    CHECK_FALSE(body.contains("stream"));
    CHECK_FALSE(body.contains("temperature"));
}

TEST_CASE("unary: each status has its class")
{
    check_status<bad_request_error>(400, errc::bad_request);
    check_status<authentication_error>(401, errc::authentication);
    check_status<payment_required_error>(402, errc::payment_required);
    check_status<permission_denied_error>(403, errc::permission_denied);
    check_status<not_found_error>(404, errc::not_found);
    check_status<conflict_error>(409, errc::conflict);
    check_status<unprocessable_entity_error>(422, errc::unprocessable_entity);
    check_status<rate_limit_error>(429, errc::rate_limit);
    check_status<internal_server_error>(500, errc::internal_server);
    check_status<internal_server_error>(529, errc::internal_server);
    check_status<api_error>(418, errc::api);
    check_status<api_error>(302, errc::api);
}

TEST_CASE("unary: a request that the server finds invalid is a 422 with its items")
{
    server target(test::plain_http());
    chat_completion_request request = test::hello();
    request.n = 1000;
    try {
        test::ask(test::options_for(target), request);
        FAIL("no error");
    }
    catch (const unprocessable_entity_error& e) {
        REQUIRE(e.validation().size() == 1);
        CHECK(e.validation()[0].location == "body.n");
        CHECK(e.retries_taken() == 0);
    }
}

TEST_CASE("unary: a failed attempt is repeated with the same key, the same body and a count")
{
    const int status = GENERATE(408, 409, 429, 500, 503, 529);
    server target(test::plain_http());
    target.enqueue(error_reply(status, "later"));
    target.enqueue(error_reply(status, "later"));
    target.enqueue(text_reply("at last"));
    const chat_completion answer = test::ask(test::options_for(target));

    CHECK(answer.text() == "at last");
    CHECK(answer.info.retries_taken == 2);
    const auto seen = target.requests();
    REQUIRE(seen.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(header_of(seen[i], "X-Stainless-Retry-Count") == std::to_string(i));
        CHECK(header_of(seen[i], "Idempotency-Key") == header_of(seen[0], "Idempotency-Key"));
        CHECK(seen[i].body == seen[0].body);
    }
    CHECK(target.connections_accepted() == 1);
}

TEST_CASE("unary: two calls have two idempotency keys, and a configured key or count is left alone")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    test::ask(options);
    test::ask(options);
    options.headers = {{"idempotency-key", "mine"}, {"x-stainless-retry-count", "42"}};
    target.enqueue(error_reply(500, "later"));
    test::ask(options);
    const auto seen = target.requests();
    REQUIRE(seen.size() == 4);
    CHECK(header_of(seen[0], "Idempotency-Key") != header_of(seen[1], "Idempotency-Key"));
    CHECK(header_of(seen[3], "Idempotency-Key") == "mine");
    CHECK(header_of(seen[3], "X-Stainless-Retry-Count") == "42");
}

TEST_CASE("unary: when the attempts are used up the last failure is thrown, with their number")
{
    server target(test::plain_http());
    for (int i = 0; i < 3; ++i)
        target.enqueue(error_reply(500 + i, "broken"));
    const auto e = failure<internal_server_error>(test::options_for(target));
    CHECK(e.status() == 502);
    CHECK(e.retries_taken() == 2);
    CHECK(e.code() == condition::retryable);
}

TEST_CASE("unary: what must not be repeated is not")
{
    server target(test::plain_http());
    SECTION("400, 401, 402, 403, 404, 422")
    {
        target.enqueue(error_reply(GENERATE(400, 401, 402, 403, 404, 422), "no"));
    }
    SECTION("an exhausted quota")
    {
        target.enqueue(error_reply(429, "no", "insufficient_quota", "insufficient_quota"));
    }
    SECTION("x-should-retry: false")
    {
        reply r = error_reply(500, "no");
        r.headers.set("x-should-retry", "false");
        target.enqueue(r);
    }
    SECTION("a hint above the cap")
    {
        reply r = error_reply(429, "no");
        r.headers.set("Retry-After", "3600");
        target.enqueue(r);
    }
    const auto e = failure<api_error>(test::options_for(target));
    CHECK(e.retries_taken() == 0);
    CHECK(target.requests().size() == 1);
    if (e.headers().contains("Retry-After"))
        CHECK(e.retry_after() == 3600s);
}

TEST_CASE("unary: x-should-retry: true repeats what would not be")
{
    server target(test::plain_http());
    reply r = error_reply(400, "again");
    r.headers.set("x-should-retry", "true");
    target.enqueue(r);
    target.enqueue(text_reply("ok"));
    CHECK(test::ask(test::options_for(target)).info.retries_taken == 1);
}

TEST_CASE("unary: a wait that the total limit would cut short is not begun, and the failure itself is thrown")
{
    server target(test::plain_http());
    reply r = error_reply(503, "busy");
    r.headers.set("Retry-After", "30");
    target.enqueue(r);
    client_options options = test::options_for(target);
    options.timeouts.total = 10s;
    const auto e = failure<internal_server_error>(options);
    CHECK(e.status() == 503);
    CHECK(e.retry_after() == 30s);
    CHECK(target.requests().size() == 1);
}

TEST_CASE("unary: a connection that breaks before or in the answer is tried again")
{
    const reply_end how = GENERATE(reply_end::close, reply_end::cut, reply_end::reset);
    const bool before_header = GENERATE(true, false);
    const bool tls = GENERATE(true, false);
    server_options with;
    with.tls = tls;
    server target(with);
    reply broken = text_reply("half of it is lost");
    broken.end = how;
    broken.without_header = before_header;
    broken.stop_after = 20;
    target.enqueue(broken);
    target.enqueue(text_reply("whole"));
    const chat_completion answer = test::ask(test::options_for(target));
    CHECK(answer.text() == "whole");
    CHECK(answer.info.retries_taken == 1);
}

TEST_CASE("unary: a server that nobody listens for is a connection_error of phase connect")
{
    std::string url;
    {
        server gone(test::plain_http());
        url = gone.url();
    }
    const auto e = failure<connection_error>({.api_key = "k", .base_url = url, .retry = {.max_retries = 0}});
    CHECK(e.phase() == call_phase::connect);
    CHECK(e.cause() == asio::error::connection_refused);
    CHECK(e.code() == errc::connection);
    CHECK(e.code() == condition::retryable);
}

TEST_CASE("unary: an answer that is no completion says what it was")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);

    struct row
    {
        reply answer;
        std::string_view problem;
    };

    reply html;
    html.headers.set("Content-Type", "text/html; charset=utf-8");
    html.body = "<html>swordfish</html>";
    reply empty;
    reply no_content;
    no_content.status = 204;
    reply cut_json;
    cut_json.body = R"({"id":"x","choices":[)";
    reply wrong_type;
    wrong_type.body = R"({"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":7}}]})";
    const row rows[] = {
        {html, ""},
        {empty, "empty"},
        {no_content, "empty"},
        {json_reply(json::array{1, 2}), ""},
        {cut_json, ""},
        {wrong_type, "choices[0].message.content"},
    };
    for (const row& each : rows) {
        target.enqueue(each.answer);
        const auto e = failure<response_format_error>(options);
        CHECK(e.status() == each.answer.status);
        CHECK(e.body_head() == each.answer.body);
        CHECK(e.problem().find(each.problem) != std::string::npos);
        CHECK(std::string(e.what()).find("swordfish") == std::string::npos);
    }
    CHECK(target.requests().size() == std::size(rows));
}

TEST_CASE("unary: bytes that are not HTTP are refused")
{
    server target(test::plain_http());
    reply garbage;
    garbage.raw = "SSH-2.0-OpenSSH_9.2\r\n";
    garbage.end = reply_end::close;
    target.enqueue(garbage);
    CHECK(failure<response_format_error>(test::options_for(target)).code() == errc::invalid_response);
}

TEST_CASE("unary: an error object in a 200 answer is an error")
{
    server target(test::plain_http());
    target.enqueue(json_reply({{"error", {{"message", "no"}, {"code", 402}}}}));
    const auto e = failure<api_error>(test::options_for(target));
    CHECK(e.status() == 200);
    CHECK(e.api_code() == "402");
}

TEST_CASE("unary: a body without choices is an answer without text")
{
    server target(test::plain_http());
    target.enqueue(json_reply({{"request_id", "r-1"}}));
    const chat_completion answer = test::ask(test::options_for(target));
    CHECK(answer.text().empty());
    CHECK(answer.first_message() == nullptr);
    CHECK(answer.request_id == "r-1");
}

TEST_CASE("unary and stream: a request body above its limit is refused and never sent")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    test::ask(options);
    const std::size_t sent = target.requests().front().body.size();

    options.limits.max_request_bytes = sent;
    CHECK_NOTHROW(test::ask(options));
    options.limits.max_request_bytes = sent - 1;
    CHECK_THROWS_AS(test::ask(options), invalid_request_error);
    CHECK_THROWS_AS(test::read_stream(options), invalid_request_error);
    CHECK(target.requests().size() == 2);
}

TEST_CASE("unary: bounds on header, body and error body hold")
{
    server target(test::plain_http());
    client_options options = test::options_for(target);
    options.limits = {.max_header_bytes = 2000, .max_body_bytes = 5000, .max_error_body_bytes = 100};

    SECTION("header")
    {
        reply r = text_reply("x");
        r.headers.set("X-Large", std::string(3000, 'a'));
        target.enqueue(r);
        CHECK(failure<response_format_error>(options).code() == errc::limit_exceeded);
    }
    SECTION("body, however it is framed")
    {
        reply r = text_reply(std::string(6000, 'a'));
        r.framing = GENERATE(body_framing::content_length, body_framing::chunked, body_framing::until_close);
        r.end = reply_end::close;
        target.enqueue(r);
        CHECK(failure<response_format_error>(options).code() == errc::limit_exceeded);
    }
    SECTION("a body of exactly the limit is taken")
    {
        std::string body = R"({"id":")";
        body += std::string(5000 - body.size() - 2, 'a') + "\"}";
        reply r;
        r.body = body;
        target.enqueue(r);
        CHECK(test::ask(options).id.size() == 5000 - 9);
    }
    SECTION("error body: cut, the status stands")
    {
        target.enqueue(error_reply(400, std::string(1000, 'a')));
        const auto e = failure<bad_request_error>(options);
        CHECK(e.body().size() == 100);
        CHECK(e.body_truncated());
    }
}

TEST_CASE("unary: an error body that never comes does not hide the status")
{
    server target(test::plain_http());
    reply r = error_reply(400, "half");
    r.stop_after = 5;
    r.end = GENERATE(reply_end::close, reply_end::reset, reply_end::silence);
    target.enqueue(r);
    client_options options = test::options_for(target);
    options.timeouts.stream_idle = 100ms;
    const auto e = failure<bad_request_error>(options);
    CHECK(e.body_truncated());
    CHECK(e.status() == 400);
}

TEST_CASE("unary: every framing and every split of the answer gives the same answer")
{
    const bool tls = GENERATE(true, false);
    server_options with;
    with.tls = tls;
    server target(with);
    const body_framing framing =
        GENERATE(body_framing::content_length, body_framing::chunked, body_framing::until_close);
    reply r = text_reply("Grüße, 世界");
    r.framing = framing;
    r.piece_bytes = GENERATE(std::size_t(1), std::size_t(7));
    r.split_body_only = false;
    if (framing == body_framing::until_close)
        r.end = reply_end::close;
    target.enqueue(r);
    CHECK(test::ask(test::options_for(target)).text() == "Grüße, 世界");
}

TEST_CASE("unary: a request that cannot be sent is refused by the call itself")
{
    asio::io_context context;
    const client c(context.get_executor(), {.api_key = "k"});
    chat_completion_request request = test::hello();
    request.user = "bad \xff bytes";
    CHECK_THROWS_AS(c.chat_completions(request), invalid_request_error);
    request = test::hello();
    request.temperature = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(c.chat_completions_stream(request), invalid_request_error);
    CHECK(context.run() == 0);
}

TEST_CASE("unary: an error body whose framing is broken does not hide the status")
{
    server target(test::plain_http());
    reply broken;
    broken.raw = "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n";
    target.enqueue(broken);
    const auto e = failure<bad_request_error>(test::options_for(target));
    CHECK(e.body_truncated());
}

TEST_CASE("unary: a failure after retries tells their number")
{
    server target(test::plain_http());
    target.enqueue(error_reply(503, "later"));
    reply html;
    html.body = "<html>";
    target.enqueue(html);
    CHECK(failure<response_format_error>(test::options_for(target)).retries_taken() == 1);
}

TEST_CASE("unary: the body of an error in a 200 answer is bounded as any other")
{
    server target(test::plain_http());
    target.enqueue(json_reply({{"error", {{"message", std::string(1000, 'x')}}}}));
    client_options options = test::options_for(target);
    options.limits.max_error_body_bytes = 100;
    const auto e = failure<api_error>(options);
    CHECK(e.body().size() == 100);
    CHECK(e.body_truncated());
}

TEST_CASE("unary: an encoding that was not asked for is refused")
{
    server target(test::plain_http());
    reply r = text_reply("x");
    r.headers.set("Content-Encoding", "br");
    target.enqueue(r);
    CHECK(
        failure<response_format_error>(test::options_for(target)).problem().find("Content-Encoding") !=
        std::string::npos
    );
}

}  // namespace client_unary_test
