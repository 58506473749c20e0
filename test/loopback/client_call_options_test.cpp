#include <dedalus/dedalus.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <string>

namespace client_call_options_test {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace dedalus;
using namespace dedalus::testing;
using namespace std::chrono_literals;

namespace {

asio::awaitable<chat_completion> ask_with(asio::any_io_executor executor, client_options with, call_options options)
{
    const client asker(executor, std::move(with));
    const chat_completion_request request = test::hello();
    asio::awaitable<chat_completion> answer = asker.chat_completions(request, options);
    // Copied at once: the call does not see this.
    options = call_options{};
    co_return co_await std::move(answer);
}

chat_completion ask_with(const client_options& with, const call_options& options)
{
    return test::run_coro([&](asio::any_io_executor executor) { return ask_with(executor, with, options); });
}

asio::awaitable<std::string> stream_with(asio::any_io_executor executor, client_options with, call_options options)
{
    const client asker(executor, std::move(with));
    const chat_completion_request request = test::hello();
    chat_completion_stream stream = co_await asker.chat_completions_stream(request, options);
    while (const auto chunk = co_await stream.next()) {
    }
    co_return stream.info().body;
}

std::string header_of(const received_request& request, std::string_view name)
{
    return std::string(request.headers.find(name).value_or("(absent)"));
}

}  // namespace

TEST_CASE("call options: every header of the client can be removed or replaced, and others added")
{
    server target(test::plain_http());
    client_options with = test::options_for(target);
    with.headers = {{"X-Tenant", "acme"}, {"X-Kept", "1"}};
    call_options options;
    options.removed_headers = {"authorization", "User-Agent", "X-Stainless-Retry-Count", "Idempotency-Key", "accept"};
    options.headers = {{"x-tenant", "other"}, {"X-SDK-Version", "0"}};
    options.added_headers = {{"X-Tenant", "third"}};
    ask_with(with, options);

    const received_request seen = target.requests().at(0);
    for (const std::string& name : options.removed_headers) {
        CAPTURE(name);
        CHECK(header_of(seen, name) == "(absent)");
    }
    CHECK(header_of(seen, "X-SDK-Version") == "0");
    CHECK(header_of(seen, "X-Kept") == "1");
    CHECK(std::count(seen.headers.begin(), seen.headers.end(), http_header{"x-tenant", "other"}) == 1);
    CHECK(std::count(seen.headers.begin(), seen.headers.end(), http_header{"X-Tenant", "third"}) == 1);
    CHECK(std::none_of(seen.headers.begin(), seen.headers.end(), [](const http_header& field) {
        return field.value == "acme";
    }));
}

TEST_CASE("call options: a removed header can be set anew")
{
    server target(test::plain_http());
    call_options options;
    options.removed_headers = {"Authorization"};
    options.added_headers = {{"Authorization", "Custom abc"}};
    ask_with(test::options_for(target), options);
    CHECK(header_of(target.requests().at(0), "Authorization") == "Custom abc");
}

TEST_CASE("call options: query and body members are put in last, null included")
{
    server target(test::plain_http());
    target.on_request([](const received_request&, const json::object&) { return text_reply("x"); });
    call_options options;
    options.query = {{"api-version", "2 b"}, {"a", "&"}};
    options.body = json::parse(R"({"model":"other/model","temperature":null,"top_k":3})").as_object();
    ask_with(test::options_for(target), options);

    const received_request seen = target.requests().at(0);
    CHECK(seen.target == "/v1/chat/completions?api-version=2%20b&a=%26");
    const json::object body = json::parse(seen.body).as_object();
    CHECK(body.at("model") == "other/model");
    CHECK(body.at("temperature").is_null());
    CHECK(body.at("top_k") == 3);
    CHECK(body.contains("messages"));
}

TEST_CASE("call options: retries, idempotency key and raw body are those of the call")
{
    server target(test::plain_http());
    target.enqueue(error_reply(500, "x"));
    target.enqueue(error_reply(500, "x"));
    target.enqueue(json_reply(json::parse(R"({ "id":"c", "choices":[] , "x":1e2})")));
    client_options with = test::options_for(target);
    with.retry.max_retries = 0;
    call_options options;
    options.retry = test::options_for(target).retry;
    options.retry->max_retries = 2;
    options.idempotency_key = "order-1";
    options.raw_body = true;
    const chat_completion answer = ask_with(with, options);

    CHECK(answer.info.retries_taken == 2);
    CHECK(json::parse(answer.info.body).at("x") == 100.0);
    REQUIRE(target.requests().size() == 3);
    for (const received_request& seen : target.requests())
        CHECK(header_of(seen, "Idempotency-Key") == "order-1");
    CHECK(ask_with(with, {}).info.body.empty());
    CHECK(header_of(target.requests().at(3), "Idempotency-Key") != "order-1");
}

TEST_CASE("call options: the limits of the call count")
{
    server target(test::plain_http());
    reply silent;
    silent.without_header = true;
    silent.end = reply_end::silence;
    target.enqueue(silent);
    call_options options;
    options.timeouts = timeout_options{.total = 50ms};
    try {
        ask_with(test::options_for(target), options);
        FAIL("no error");
    }
    catch (const timeout_error& e) {
        CHECK(e.phase() == call_phase::total);
        CHECK(e.elapsed() > 0ms);
    }
}

TEST_CASE("call options: a stream takes them, too")
{
    server target(test::plain_http());
    call_options options;
    options.headers = {{"X-Tenant", "acme"}};
    options.body = {{"user", "u1"}};
    options.raw_body = true;
    const std::string raw = test::run_coro([&](asio::any_io_executor executor) {
        return stream_with(executor, test::options_for(target), options);
    });
    CHECK(raw.empty());
    const received_request seen = target.requests().at(0);
    CHECK(header_of(seen, "X-Tenant") == "acme");
    CHECK(json::parse(seen.body).at("user") == "u1");
    CHECK(json::parse(seen.body).at("stream") == true);
}

TEST_CASE("call options: what cannot be used is refused by the call itself")
{
    asio::io_context context;
    client_options with;
    with.allow_anonymous = true;
    const client asker(context.get_executor(), with);
    const chat_completion_request request = test::hello();
    call_options options;
    SECTION("a header value with a line feed")
    {
        options.headers = {{"X-A", "s3cret\nB: 1"}};
    }
    SECTION("a header of the framing")
    {
        options.added_headers = {{"Content-Length", "1"}};
    }
    SECTION("a blank name")
    {
        options.headers = {{"", "1"}};
    }
    SECTION("an idempotency key with a line feed")
    {
        options.idempotency_key = "a\r\nb";
    }
    SECTION("a limit of zero")
    {
        options.timeouts = timeout_options{.write = 0ms};
    }
    SECTION("negative retries")
    {
        options.retry = retry_options{.max_retries = -1};
    }
    try {
        const auto ignored = asker.chat_completions(request, options);
        FAIL("no error");
    }
    catch (const config_error& e) {
        CHECK(std::string(e.what()).find("s3cret") == std::string::npos);
    }
}

TEST_CASE("call options: credentials in body members are encrypted like others")
{
    server target;
    call_options options;
    options.body = json::parse(R"({"mcp_servers":["acme/kb"],)"
                               R"("credentials":[{"connection_name":"kb","values":{"token":"s3cret"}}]})")
                       .as_object();
    client_options with = test::options_for(target);
    with.mcp_authorization_server = target.url();
    ask_with(with, options);
    const received_request seen = target.requests().at(0);
    CHECK(seen.body.find("s3cret") == std::string::npos);
    const json::object body = json::parse(seen.body).as_object();
    CHECK(body.at("mcp_servers").at(0).at("credentials").as_object().contains("kb"));
    CHECK(target.lookups().at(0).headers.find("Authorization") == std::nullopt);
}

}  // namespace client_call_options_test
