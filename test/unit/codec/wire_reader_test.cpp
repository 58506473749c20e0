#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "support/catch.hpp"
#include "unit/codec/round_trip.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wire_reader_test {

namespace json = boost::json;
using namespace dedalus;

namespace {

template <class T>
std::string problem_of(std::string_view text)
{
    try {
        static_cast<void>(read_as<T>(text));
    }
    catch (const response_format_error& e) {
        const std::string what = e.what();
        return what.substr(0, what.find(": unexpected answer"));
    }
    return "none";
}

}  // namespace

TEST_CASE("a wrong type is named by its path, and its value is not shown")
{
    struct row
    {
        std::string_view text;
        std::string_view problem;
    };

    const std::vector<row> rows{
        {R"([])", "expected an object, got an array"},
        {R"("secret")", "expected an object, got a string"},
        {R"({"id":1})", "id: expected a string, got a number"},
        {R"({"created":"1"})", "created: expected an integer, got a string"},
        {R"({"created":1.5})", "created: expected an integer, got a fraction"},
        {R"({"created":1e19})", "created: expected an integer of 64 bits, got a number out of its range"},
        {R"({"created":18446744073709551615})",
         "created: expected an integer of 64 bits, got a number out of its range"},
        {R"({"choices":{}})", "choices: expected an array, got an object"},
        {R"({"choices":[null]})", "choices[0]: expected an object, got null"},
        {R"({"choices":[{},true]})", "choices[1]: expected an object, got a boolean"},
        {R"({"choices":[{"message":"secret"}]})", "choices[0].message: expected an object, got a string"},
        {R"({"choices":[{"message":{"content":7}}]})",
         "choices[0].message.content: expected a string or an array, got a number"},
        {R"({"choices":[{"message":{"content":["secret"]}}]})",
         "choices[0].message.content[0]: expected an object, got a string"},
        {R"({"choices":[{"message":{"content":[{"type":"text","text":["secret"]}]}}]})",
         "choices[0].message.content[0].text: expected a string, got an array"},
        {R"({"choices":[{"message":{"tool_calls":[{},{},{"id":4}]}}]})",
         "choices[0].message.tool_calls[2].id: expected a string, got a number"},
        {R"({"choices":[{"message":{"tool_calls":["secret"]}}]})",
         "choices[0].message.tool_calls[0]: expected an object, got a string"},
        {R"({"choices":[{"finish_reason":false}]})", "choices[0].finish_reason: expected a string, got a boolean"},
        {R"({"choices":[{"logprobs":{"content":[{"logprob":"secret"}]}}]})",
         "choices[0].logprobs.content[0].logprob: expected a number, got a string"},
        {R"({"choices":[{"logprobs":{"content":[{"bytes":["x"]}]}}]})",
         "choices[0].logprobs.content[0].bytes[0]: expected an integer, got a string"},
        {R"({"pending_tools":[{"arguments":[]}]})", "pending_tools[0].arguments: expected an object, got an array"},
        {R"({"pending_tools":[{"arguments":"{secret"}]})",
         "pending_tools[0].arguments: expected an object, got a string that is no text of an object"},
        {R"({"deferred":[{"arguments":"[1]"}]})",
         "deferred[0].arguments: expected an object, got a string that is no text of an object"},
        {R"({"server_results":[]})", "server_results: expected an object, got an array"},
        {R"({"usage":{"total_tokens":{}}})", "usage.total_tokens: expected an integer, got an object"},
    };
    for (const auto& [text, problem] : rows) {
        CAPTURE(text);
        CHECK(problem_of<chat_completion>(text) == problem);
    }
}

TEST_CASE("a wrong type is named for variants and maps of requests too")
{
    CHECK(problem_of<message>("7") == "expected an object, got a number");
    CHECK(problem_of<tool_choice>("[]") == "expected a string or an object, got an array");
    CHECK(problem_of<model_selection>("null") == "expected a string or an array or an object, got null");
    CHECK(problem_of<finish_reason>("7") == "expected a string, got a number");
    CHECK(
        problem_of<chat_completion_request>(R"({"logit_bias":{"50256":"x"}})") ==
        "logit_bias.50256: expected an integer, got a string"
    );
    CHECK(
        problem_of<chat_completion_request>(R"({"logit_bias":{"a secret":"x"}})") ==
        "logit_bias[\"?\"]: expected an integer, got a string"
    );
    CHECK(
        problem_of<chat_completion_request>(R"({"audio":{"voice":[]}})") ==
        "audio.voice: expected a string or an object, got an array"
    );
    CHECK(
        problem_of<chat_completion_request>(R"({"mcp_servers":["a",1]})") ==
        "mcp_servers[1]: expected a string or an object, got a number"
    );
}

TEST_CASE("integers are taken from every number that is one")
{
    const auto created = [](const json::value& number) {
        return json::value_to<chat_completion>(json::value{{"created", number}}).created;
    };
    CHECK(created(1.0) == 1);
    CHECK(created(-3e2) == -300);
    CHECK(created(std::uint64_t{7}) == 7);
    CHECK(created(9007199254740993) == 9007199254740993);
    CHECK(created(-9223372036854775808.0) == std::numeric_limits<std::int64_t>::min());
    CHECK(created(std::numeric_limits<std::int64_t>::max()) == std::numeric_limits<std::int64_t>::max());
    CHECK_THROWS_AS(created(9223372036854775808.0), response_format_error);
    CHECK_THROWS_AS(created(std::uint64_t{9223372036854775808U}), response_format_error);
    CHECK_THROWS_AS(created(std::numeric_limits<double>::quiet_NaN()), response_format_error);
}

TEST_CASE("an integer above 2^53 keeps all its digits")
{
    CHECK(
        json::serialize(round_trip<chat_completion_request>(R"({"model":"m","seed":9007199254740993})")) ==
        R"({"model":"m","seed":9007199254740993})"
    );
}

TEST_CASE("a floating-point member takes integers")
{
    CHECK(read_as<chat_completion_request>(R"({"temperature":1})").temperature == 1.0);
    CHECK(json::value_to<top_logprob>(json::value{{"logprob", std::uint64_t{2}}}).logprob == 2.0);
}

TEST_CASE("arguments that are not a string are read as their text")
{
    const auto arguments = [](std::string_view text) {
        return read_as<function_call>(std::string(R"({"name":"f","arguments":)").append(text).append("}")).arguments;
    };
    CHECK(arguments(R"("{ \"a\": 1 }")") == R"({ "a": 1 })");
    CHECK(arguments(R"({ "a": [1, "b"] })") == R"({"a":[1,"b"]})");
    CHECK(arguments("[]") == "[]");
    CHECK(arguments("true") == "true");
    CHECK(read_as<function_call_delta>(R"({"arguments":{"a":{}}})").arguments == R"({"a":{}})");
    CHECK(read_as<function_call>(R"({"arguments":null})").extra == json::object{{"arguments", nullptr}});
    CHECK_FALSE(read_as<function_call_delta>(R"({"arguments":null})").arguments.has_value());
}

TEST_CASE("arguments that should be an object may be its text")
{
    CHECK(read_as<pending_call>(R"({"arguments":"{\"a\":1}"})").arguments == json::object{{"a", 1}});
    CHECK(read_as<pending_call>(R"({"arguments":""})").arguments.empty());
    CHECK(read_as<deferred_call>(R"({"arguments":"{\"a\":1}"})").arguments == json::object{{"a", 1}});
    CHECK(read_as<mcp_tool_result>(R"({"arguments":"{}"})").arguments.empty());
}

TEST_CASE("a bare string stands for an image, a sound or a server error, and objects are written")
{
    CHECK(
        round_trip<content_part>(R"({"type":"image_url","image_url":"https://a.example/"})") ==
        json::parse(R"({"type":"image_url","image_url":{"url":"https://a.example/"}})")
    );
    CHECK(read_as<audio_part>(R"({"input_audio":"UklG"})").input_audio.data == "UklG");
    const auto completion =
        read_as<chat_completion>(R"({"mcp_server_errors":{"acme/kb":"down","acme/mail":{"code":"E"}}})");
    CHECK(completion.mcp_server_errors.at("acme/kb").message == "down");
    CHECK(completion.mcp_server_errors.at("acme/mail").code == "E");
}

TEST_CASE("server errors of another form are kept as JSON")
{
    for (const std::string_view text :
         {R"({"mcp_server_errors":{"a":7}})",
          R"({"mcp_server_errors":{"a":{"message":{}}}})",
          R"({"mcp_server_errors":["a"]})",
          R"({"mcp_server_errors":"a"})"})
    {
        CAPTURE(text);
        const auto completion = read_as<chat_completion>(text);
        CHECK(completion.mcp_server_errors.empty());
        CHECK(json::value_from(completion) == json::parse(json::string_view(text)));
        CHECK(read_as<chat_completion_chunk>(text).extra.contains("mcp_server_errors"));
    }
}

TEST_CASE("an answer may lack every member, and any of them may be null")
{
    const auto completion = read_as<chat_completion>(
        R"({"choices":[{"message":{"content":"Hi"}},{"message":{"content":null,"tool_calls":null,"audio":null,"annotations":null},)"
        R"("finish_reason":null,"logprobs":{"content":null,"refusal":null}}],"usage":{"completion_tokens_details":null}})"
    );
    REQUIRE(completion.choices.size() == 2);
    CHECK(completion.choices[0].message.text() == "Hi");
    CHECK_FALSE(completion.choices[0].finish_reason.has_value());
    CHECK_FALSE(completion.choices[1].message.content.has_value());
    CHECK(completion.choices[1].logprobs->content.empty());
    CHECK(completion.usage->total_tokens == 0);
    CHECK(completion.created == 0);
    CHECK(
        read_as<chat_completion_chunk>(R"({"choices":[{"index":0,"finish_reason":"stop"}]})").choices[0].delta ==
        message_delta{}
    );
}

TEST_CASE("what is read outlives the memory of the JSON value")
{
    std::optional<chat_completion> completion;
    std::optional<message> unknown;
    {
        json::monotonic_resource memory;
        const json::value body = json::parse(
            R"({"choices":[],"extra_object":{"a":["a long text that needs memory of its own"]},"server_results":{"c":{"d":[1]}},)"
            R"("mcp_tool_results":[{"arguments":{"q":"a long text that needs memory of its own"},"result":{"hits":[1,2]}}]})",
            &memory
        );
        completion = json::value_to<chat_completion>(body);
        unknown =
            json::value_to<message>(json::parse(R"({"role":"critic","content":["a long text of this part"]})", &memory)
            );
    }
    CHECK(completion->extra.at("extra_object").at("a").at(0) == "a long text that needs memory of its own");
    CHECK(completion->server_results->at("c").at("d").at(0) == 1);
    CHECK(completion->mcp_tool_results[0].result->at("hits").as_array().size() == 2);
    CHECK(std::get<json::object>(*unknown).at("content").at(0) == "a long text of this part");
    CHECK(*completion->extra.storage() == *json::storage_ptr());
    CHECK(*completion->server_results->storage() == *json::storage_ptr());
    CHECK(*completion->mcp_tool_results[0].result->storage() == *json::storage_ptr());
    CHECK(*std::get<json::object>(*unknown).storage() == *json::storage_ptr());
}

TEST_CASE("what only tells and does not fit its type is kept as it came")
{
    for (const std::string_view text :
         {R"({"mcp_tool_results":[{"is_error":"no"}]})",
          R"({"tools_executed":[{"name":"f"}]})",
          R"({"mcp_server_errors":["down"]})"})
    {
        CAPTURE(text);
        const auto completion = read_as<chat_completion>(text);
        CHECK(completion.mcp_tool_results.empty());
        CHECK(completion.tools_executed.empty());
        CHECK(json::value_from(completion) == json::parse(text));
    }
}

TEST_CASE("a blank tag is as good as none")
{
    const auto message = read_as<assistant_message>(
        R"({"role":"","tool_calls":[{"id":"c","type":"","function":{"name":"f","arguments":"{}"}}],"audio":{"id":""}})"
    );
    REQUIRE(std::holds_alternative<function_tool_call>(message.tool_calls.at(0)));
    CHECK(
        json::value_from(message.for_request()) == json::parse(
                                                       R"({"role":"assistant","content":null,
                "tool_calls":[{"type":"function","id":"c","function":{"name":"f","arguments":"{}"}}]})"
                                                   )
    );
}

}  // namespace wire_reader_test
