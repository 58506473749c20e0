#include <dedalus/json.hpp>

#include "support/catch.hpp"
#include "unit/codec/round_trip.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace wire_schema_test {

namespace json = boost::json;
using namespace dedalus;

namespace {

template <class T>
std::string written(const T& value)
{
    return json::serialize(json::value_from(value));
}

}  // namespace

TEST_CASE("absent, null and zero are three states of each optional member of a request")
{
    const json::object filled = json::parse(R"({
        "temperature": 0, "top_k": 0, "stop": "", "max_tokens": 0, "logprobs": false, "user": "", "metadata": {},
        "service_tier": "", "reasoning_effort": "", "audio": {"voice": "", "format": ""}, "tool_choice": "",
        "response_format": {"type": "text"}, "mcp_servers": [], "handoff_mode": false
    })")
                                    .as_object();
    CHECK(written(chat_completion_request{}) == R"({"model":""})");
    for (const auto& [key, zero] : filled) {
        CAPTURE(key);
        json::value body{{"model", ""}, {key, zero}};
        CHECK(round_trip<chat_completion_request>(json::serialize(body)) == body);
        CHECK(json::value_to<chat_completion_request>(body).extra.empty());

        body.at(key) = nullptr;
        CHECK(round_trip<chat_completion_request>(json::serialize(body)) == body);
        CHECK(json::value_to<chat_completion_request>(body).extra == json::object{{key, nullptr}});
    }
}

TEST_CASE("a null of any member is kept in extra, and is written back")
{
    for (const std::string_view key :
         {"id",
          "object",
          "created",
          "model",
          "choices",
          "usage",
          "tools_executed",
          "mcp_server_errors",
          "server_results",
          "deferred",
          "pending_tools",
          "turns_consumed"})
    {
        CAPTURE(key);
        const json::value body{{json::string_view(key), nullptr}};
        CHECK(json::value_to<chat_completion>(body) == chat_completion{.extra = body.get_object()});
        CHECK(json::value_from(json::value_to<chat_completion>(body)) == body);
    }
    CHECK(round_trip<usage>(R"({"prompt_tokens":null,"completion_tokens":1,"total_tokens":1})")
              .at("prompt_tokens")
              .is_null());
    CHECK(round_trip<choice>(R"({"index":0,"message":null})").at("message").is_null());
    CHECK(round_trip<chunk_choice>(R"({"index":0,"delta":null})").at("delta").is_null());
}

TEST_CASE("a null that is a value stays one")
{
    const auto result = read_as<mcp_tool_result>(R"({"result":null})");
    REQUIRE(result.result.has_value());
    CHECK(result.result->is_null());
    CHECK(result.extra.empty());
    CHECK_FALSE(read_as<mcp_tool_result>("{}").result.has_value());
    CHECK_FALSE(json::value_from(mcp_tool_result{}).as_object().contains("result"));
    CHECK(json::value_from(result).at("result").is_null());
}

TEST_CASE("an explicit empty list or object of a list or map is kept, and an empty optional list too")
{
    for (const std::string_view text :
         {R"({"choices":[]})",
          R"({"tools_executed":[]})",
          R"({"mcp_server_errors":{}})",
          R"({"deferred":[]})",
          R"({"pending_tools":[]})",
          R"({"server_results":{}})"})
    {
        CAPTURE(text);
        CHECK(round_trip<chat_completion>(text) == json::parse(json::string_view(text)));
    }
    CHECK(round_trip<top_logprob>(R"({"token":"a","logprob":0.0,"bytes":[]})").at("bytes").as_array().empty());
}

TEST_CASE("members that servers leave out stay left out, and explicit defaults of them stay written")
{
    CHECK(round_trip<chat_completion>("{}") == json::object());
    CHECK(round_trip<chat_completion_chunk>("{}") == json::object());
    const std::string_view defaults = R"({"id":"","object":"","created":0,"model":""})";
    CHECK(round_trip<chat_completion>(defaults) == json::parse(json::string_view(defaults)));
    CHECK(round_trip<chat_completion_chunk>(defaults) == json::parse(json::string_view(defaults)));
    auto completion = read_as<chat_completion>(defaults);
    completion.id = "c1";
    completion.created = 1;
    CHECK(json::value_from(completion) == json::parse(R"({"id":"c1","object":"","created":1,"model":""})"));
}

TEST_CASE("unknown members are kept at every level, in their order")
{
    const std::string_view text =
        R"({"z":1,"id":"c","a":{"b":[]},"choices":[{"y":2,"index":0,"message":{"role":"assistant","x":null,)"
        R"("tool_calls":[{"id":"i","type":"function","function":{"name":"f","arguments":"","w":3},"v":4}]},"u":5}],)"
        R"("usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"t":6},"s":7},"m":8})";
    const auto completion = read_as<chat_completion>(text);
    CHECK(json::value_from(completion) == json::parse(json::string_view(text)));
    CHECK(json::serialize(completion.extra) == R"({"z":1,"a":{"b":[]},"m":8})");
    CHECK(completion.choices[0].extra == json::object{{"y", 2}, {"u", 5}});
    CHECK(completion.choices[0].message.extra == json::object{{"x", nullptr}});
    CHECK(
        std::get<function_tool_call>(completion.choices[0].message.tool_calls[0]).function.extra ==
        json::object{{"w", 3}}
    );
    CHECK(completion.usage->prompt_tokens_details->extra == json::object{{"t", 6}});
}

TEST_CASE("members are written in the order of the description, the tag first and extra last")
{
    user_message message{.content = "Hi", .name = "ann"};
    message.extra["zeta"] = 1;
    message.extra["alpha"] = 2;
    CHECK(written(message) == R"({"role":"user","content":"Hi","name":"ann","zeta":1,"alpha":2})");
}

TEST_CASE("a value of extra wins over the member of that name")
{
    chat_completion_request request{.model = "m", .temperature = 0.5, .n = 2};
    request.extra["temperature"] = 0;
    request.extra["model"] = "other";
    request.extra["n"] = "";
    request.extra["messages"] = "a plain text";
    CHECK(
        json::value_from(request) ==
        json::parse(R"({"temperature":0,"model":"other","n":"","messages":"a plain text"})")
    );
}

TEST_CASE("a null or empty value of extra gives way once the member is filled")
{
    auto message = read_as<assistant_message>(R"({"content":null,"tool_calls":[],"refusal":null})");
    CHECK(
        json::value_from(message) ==
        json::parse(R"({"role":"assistant","content":null,"tool_calls":[],"refusal":null})")
    );
    message.content = "";
    message.tool_calls.push_back(custom_tool_call{.id = "c"});
    const json::value filled = json::value_from(message);
    CHECK(filled.at("content") == "");
    CHECK(filled.at("tool_calls").as_array().size() == 1);
    CHECK(filled.at("refusal").is_null());

    auto usage = read_as<dedalus::usage>(R"({"prompt_tokens":null})");
    usage.prompt_tokens = 3;
    CHECK(json::value_from(usage).at("prompt_tokens") == 3);

    auto entry = read_as<choice>(R"({"message":null})");
    entry.message.content = "Hi";
    CHECK(json::value_from(entry).at("message").at("content") == "Hi");
}

TEST_CASE("another tag is kept in extra, and wins")
{
    const auto message = read_as<assistant_message>(R"({"role":"model","content":"a"})");
    CHECK(message.extra == json::object{{"role", "model"}});
    CHECK(json::value_from(message) == json::parse(R"({"role":"model","content":"a"})"));
    CHECK(round_trip<assistant_message>(R"({"role":null})") == json::parse(R"({"role":null})"));
    CHECK(round_trip<assistant_message>(R"({"role":7})") == json::parse(R"({"role":7})"));
    CHECK(read_as<assistant_message>(R"({"role":"assistant"})").extra.empty());
    CHECK(round_trip<assistant_message>("{}") == json::parse(R"({"role":"assistant"})"));
}

TEST_CASE("of a repeated key the last value is read, wherever it stands")
{
    CHECK(read_as<usage>(R"({"prompt_tokens":1,"total_tokens":2,"prompt_tokens":3})").prompt_tokens == 3);
}

}  // namespace wire_schema_test
