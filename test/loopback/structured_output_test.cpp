#include <dedalus/client.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/described_types.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace structured_output_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::testing::server;
using test::weather_query;

namespace {

asio::awaitable<dedalus::parsed_completion<weather_query>>
parse_once(dedalus::client_options options, dedalus::chat_completion_request request)
{
    const dedalus::client client(co_await asio::this_coro::executor, std::move(options));
    co_return co_await client.parse<weather_query>(request);
}

asio::awaitable<dedalus::parsed_completion<weather_query>>
parse_with(dedalus::client_options with, dedalus::chat_completion_request request, dedalus::call_options options)
{
    const dedalus::client client(co_await asio::this_coro::executor, std::move(with));
    co_return co_await client.parse<weather_query>(request, options);
}

dedalus::parsed_completion<weather_query>
parse(const server& s, dedalus::chat_completion_request request = test::hello())
{
    return test::run_coro(parse_once(test::options_for(s), std::move(request)));
}

json::object choice(int index, json::object message, std::string reason)
{
    message["role"] = "assistant";
    return {{"index", index}, {"message", std::move(message)}, {"finish_reason", reason}};
}

void answers(server& s, std::vector<json::object> choices)
{
    json::array all;
    for (json::object& c : choices)
        all.emplace_back(std::move(c));
    s.enqueue(dedalus::testing::json_reply(
        {{"id", "c1"},
         {"object", "chat.completion"},
         {"created", 1},
         {"model", "m"},
         {"choices", std::move(all)},
         {"usage", {{"prompt_tokens", 3}, {"completion_tokens", 4}, {"total_tokens", 7}}}}
    ));
}

json::value sent_format(const server& s)
{
    return json::parse(s.requests().at(0).body).at("response_format");
}

constexpr const char* oslo = R"({"city":"Oslo","unit":null})";

}  // namespace

TEST_CASE("parse sends the schema of the type and gives the value that the model wrote")
{
    server s(test::plain_http());
    const auto parsed = parse(s);
    REQUIRE(parsed.parsed());
    CHECK(parsed.parsed()->city == "sample");
    CHECK(parsed.info.status == 200);

    const json::value format = sent_format(s);
    CHECK(format.at("type") == json::value("json_schema"));
    CHECK(format.at("json_schema").at("name") == json::value("weather_query"));
    CHECK(format.at("json_schema").at("strict") == json::value(true));
    CHECK(format.at("json_schema").at("schema") == json::value(dedalus::json_schema<weather_query>()));
}

TEST_CASE("parse takes options for the call")
{
    server s(test::plain_http());
    dedalus::call_options options;
    options.headers = {{"X-Tenant", "acme"}};
    options.body = {{"user", "u1"}};
    const auto parsed = test::run_coro(parse_with(test::options_for(s), test::hello(), options));
    CHECK(parsed.parsed());
    CHECK(s.requests().at(0).headers.find("X-Tenant") == "acme");
    CHECK(json::parse(s.requests().at(0).body).at("user") == "u1");
    CHECK(sent_format(s).at("type") == json::value("json_schema"));
}

TEST_CASE("a schema that the caller set is sent as it is")
{
    server s(test::plain_http());
    answers(s, {choice(0, {{"content", oslo}}, "stop")});
    dedalus::chat_completion_request request = test::hello();
    dedalus::response_format_json_schema format;
    format.json_schema.name = "mine";
    format.json_schema.schema = json::object{{"type", "object"}};
    format.json_schema.strict = false;
    request.response_format = format;
    CHECK(parse(s, request).parsed() == weather_query{"Oslo", {}});
    CHECK(
        sent_format(s) ==
        json::parse(R"({"type":"json_schema","json_schema":{"name":"mine","schema":{"type":"object"},"strict":false}})")
    );
}

TEST_CASE("every choice is parsed, and a refusal beside them is told")
{
    server s(test::plain_http());
    answers(s, {choice(0, {{"content", oslo}}, "stop"), choice(1, {{"content", R"({"city":"Rome"})"}}, "stop")});
    const auto two = parse(s);
    REQUIRE(two.values.size() == 2);
    CHECK(two.values[0] == weather_query{"Oslo", {}});
    CHECK(two.values[1] == weather_query{"Rome", {}});

    answers(s, {choice(0, {{"content", nullptr}, {"refusal", "no"}}, "stop")});
    const auto refused = parse(s);
    CHECK(!refused.parsed());
    CHECK(refused.refusal() == "no");
}

TEST_CASE("an answer that is cut or withheld is an error with its usage")
{
    server s(test::plain_http());
    answers(s, {choice(0, {{"content", R"({"city":"Os)"}}, "length")});
    CHECK_THROWS_AS(parse(s), dedalus::length_finish_reason_error);
    answers(s, {choice(0, {{"content", ""}}, "content_filter")});
    try {
        parse(s);
        FAIL("nothing was thrown");
    }
    catch (const dedalus::content_filter_finish_reason_error& e) {
        CHECK(e.completion().usage->total_tokens == 7);
        CHECK(std::string(e.what()).find("total_tokens=7") != std::string::npos);
    }
}

TEST_CASE("an answer that does not fit is an error with its path and the completion")
{
    server s(test::plain_http());
    answers(s, {choice(0, {{"content", R"({"city":7})"}}, "stop")});
    try {
        parse(s);
        FAIL("nothing was thrown");
    }
    catch (const dedalus::validation_error& e) {
        CHECK(e.path() == "$.city");
        REQUIRE(e.completion() != nullptr);
        CHECK(e.completion()->info.status == 200);
    }
    answers(s, {choice(0, {{"content", "Sorry, Oslo."}}, "stop")});
    CHECK_THROWS_AS(parse(s), dedalus::validation_error);
    s.enqueue(dedalus::testing::error_reply(400, "no schema"));
    CHECK_THROWS_AS(parse(s), dedalus::bad_request_error);
}

TEST_CASE("parse refuses tools that are not strict before it sends anything")
{
    server s(test::plain_http());
    dedalus::chat_completion_request request = test::hello();
    request.tools.emplace_back(dedalus::function_tool{.function = {.name = "f"}});
    asio::io_context context;
    const dedalus::client client(context.get_executor(), test::options_for(s));
    CHECK_THROWS_AS(client.parse<weather_query>(request), dedalus::invalid_request_error);
    CHECK(s.requests().empty());
}

namespace {

struct streamed
{
    std::string before;  // why parsed() failed before the end
    dedalus::parsed_completion<weather_query> parsed;
};

asio::awaitable<streamed> stream_once(dedalus::client_options options, dedalus::chat_completion_request request)
{
    const dedalus::client client(co_await asio::this_coro::executor, std::move(options));
    dedalus::chat_completion_stream stream = co_await client.chat_completions_stream(request);
    streamed result;
    try {
        while (auto chunk = co_await stream.next()) {
            try {
                (void)stream.parsed<weather_query>();
            }
            catch (const dedalus::error& e) {
                CHECK(e.code() == dedalus::errc::operation_in_progress);
                result.before = e.what();
            }
        }
    }
    catch (const dedalus::error&) {
        // parsed() tells below
    }
    result.parsed = stream.parsed<weather_query>();
    co_return result;
}

streamed stream(const server& s)
{
    dedalus::chat_completion_request request = test::hello();
    request.response_format = dedalus::response_format_for<weather_query>();
    return test::run_coro(stream_once(test::options_for(s), std::move(request)));
}

json::value chunk(json::object delta, json::value reason = nullptr)
{
    return {
        {"id", "c1"},
        {"object", "chat.completion.chunk"},
        {"created", 1},
        {"model", "m"},
        {"choices", {{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(reason)}}}}};
}

}  // namespace

TEST_CASE("a stream is parsed after its end, by the same rules")
{
    server s(test::plain_http());
    const streamed whole = stream(s);
    CHECK(whole.parsed.parsed()->city == "sample");
    CHECK(whole.before.find("parsed() before the end of the stream") == 0);

    s.enqueue(dedalus::testing::chunks_reply({chunk({{"content", R"({"ci)"}}), chunk({}, "length")}));
    CHECK_THROWS_AS(stream(s), dedalus::length_finish_reason_error);
    s.enqueue(dedalus::testing::chunks_reply({chunk({{"content", "{"}, {"refusal", "no"}}), chunk({}, "stop")}));
    CHECK(stream(s).parsed.refusal() == "no");
    s.enqueue(dedalus::testing::chunks_reply({chunk({{"content", R"({"town":1})"}}), chunk({}, "stop")}));
    CHECK_THROWS_AS(stream(s), dedalus::validation_error);
}

TEST_CASE("a stream that broke off is not parsed")
{
    server s(test::plain_http());
    s.enqueue(dedalus::testing::chunks_reply({chunk({{"content", oslo}})}, false));
    CHECK_THROWS_AS(stream(s), dedalus::incomplete_stream_error);
}

}  // namespace structured_output_test
