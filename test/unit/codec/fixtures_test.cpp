#include "support/fixtures.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/decode_api_error.hpp"
#include "codec/decode_chat.hpp"
#include "codec/encode_chat_request.hpp"
#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace fixtures_test {

namespace json = boost::json;
using namespace dedalus;
using test::fixture_json;
using test::fixture_names;
using test::fixture_text;

namespace {

/// A member that is written otherwise than it was read, because servers have several forms for one thing.
struct normalised
{
    std::string fixture;
    std::string pointer;
    std::string written;
    std::string why;
};

const std::vector<normalised> normalisations{
    {"request/mistral_parts.json",
     "/messages/0/content/0/image_url",
     R"({"url":"https://img.example/a.png"})",
     "an image is written as an object"},
    {"request/mistral_parts.json",
     "/messages/0/content/1/input_audio",
     R"({"data":"UklGRg==","format":""})",
     "a sound is written as an object"},
    {"completion/bare_string_parts.json",
     "/choices/0/message/content/1/image_url",
     R"({"url":"https://img.example/a.png"})",
     "an image is written as an object"},
    {"completion/bare_string_parts.json",
     "/choices/0/message/content/2/input_audio",
     R"({"data":"UklGRg==","format":""})",
     "a sound is written as an object"},
    {"completion/arguments_as_object.json",
     "/choices/0/message/tool_calls/0/function/arguments",
     R"("{\"q\":\"x\",\"n\":[1,2]}")",
     "arguments of a call are a text"},
    {"chunk/arguments_as_object.json",
     "/choices/0/delta/tool_calls/0/function/arguments",
     R"("{\"q\":\"x\"}")",
     "arguments of a call are a text"},
    {"completion/handoff_arguments_as_text.json",
     "/pending_tools/0/arguments",
     R"({"day":"2026-05-02"})",
     "arguments of the handoff are an object"},
    {"completion/handoff_arguments_as_text.json",
     "/deferred/0/arguments",
     "{}",
     "arguments of the handoff are an object"},
    {"completion/handoff_arguments_as_text.json",
     "/mcp_tool_results/0/arguments",
     R"({"q":1})",
     "arguments of the handoff are an object"},
    {"completion/mcp_errors.json",
     "/mcp_server_errors/own_kb",
     R"({"message":"timed out"})",
     "an error of a server is written as an object"},
    {"completion/custom_tool_call.json",
     "/choices/0/message/tool_calls/2/type",
     R"("function")",
     "a call without a type is of a function"},
    {"completion/several_choices.json", "/choices/2/index", "0", "a choice without an index is the first"},
    {"chunk/without_index.json", "/choices/0/index", "0", "a choice without an index is the first"},
    {"chunk/without_delta.json", "/choices/0/delta", "{}", "a choice without a delta adds nothing"},
};

json::value expected_of(const std::string& fixture)
{
    json::value expected = fixture_json(fixture);
    for (const normalised& change : normalisations) {
        if (change.fixture != fixture)
            continue;
        const std::size_t slash = change.pointer.rfind('/');
        json::object& parent = expected.at_pointer(change.pointer.substr(0, slash)).as_object();
        json::value written = json::parse(change.written);
        json::value& place = parent[change.pointer.substr(slash + 1)];
        REQUIRE(place != written);
        place = std::move(written);
    }
    return expected;
}

/// JSON with the members of every object sorted, so that a difference can be read. A whole number has one form, because
/// a member that holds a floating-point number reads 1 and 1.0 alike.
std::string sorted_text(const json::value& value)
{
    if (value.is_double() && std::abs(value.get_double()) < 1e15 &&
        value.get_double() == std::trunc(value.get_double()))
        return std::to_string(static_cast<std::int64_t>(value.get_double()));
    std::string text;
    if (const json::object* object = value.if_object()) {
        std::map<std::string, std::string> members;
        for (const auto& [key, member] : *object)
            members[json::serialize(key)] = sorted_text(member);
        for (const auto& [key, member] : members)
            text.append(text.empty() ? "" : ",").append(key).append(":").append(member);
        return "{" + text + "}";
    }
    if (const json::array* array = value.if_array()) {
        for (const json::value& element : *array)
            text.append(text.empty() ? "" : ",").append(sorted_text(element));
        return "[" + text + "]";
    }
    return json::serialize(value);
}

template <class T>
void check_round_trips(const std::string& folder)
{
    const std::vector<std::string> names = fixture_names(folder);
    CHECK(names.size() > 10);
    for (const std::string& name : names) {
        const std::string path = folder + "/" + name;
        CAPTURE(path);
        const T read = json::value_to<T>(fixture_json(path));
        const json::value written = json::value_from(read);
        CHECK(sorted_text(written) == sorted_text(expected_of(path)));
        CHECK(json::value_to<T>(written) == read);
    }
}

chat_completion completion_of(std::string_view name)
{
    return codec::decode_chat_completion(fixture_text("completion/" + std::string(name) + ".json"));
}

chat_completion_request request_of(std::string_view name)
{
    return json::value_to<chat_completion_request>(fixture_json("request/" + std::string(name) + ".json"));
}

const function_tool_call& only_call(const chat_completion& completion)
{
    REQUIRE(completion.choices.at(0).message.tool_calls.size() == 1);
    return std::get<function_tool_call>(completion.choices[0].message.tool_calls[0]);
}

/// The words of the error without the head that says what kind it is.
std::string problem_of(const std::function<void()>& read)
{
    try {
        read();
    }
    catch (const response_format_error& e) {
        return std::string(e.problem());
    }
    return "none";
}

}  // namespace

TEST_CASE("every request fixture is written as it was read")
{
    check_round_trips<chat_completion_request>("request");
}

TEST_CASE("every completion fixture is written as it was read")
{
    check_round_trips<chat_completion>("completion");
}

TEST_CASE("every chunk fixture is written as it was read")
{
    check_round_trips<chat_completion_chunk>("chunk");
}

TEST_CASE("a fixture read from its text is the same as read from its JSON, but for the raw bytes")
{
    for (const std::string& name : fixture_names("completion")) {
        CAPTURE(name);
        chat_completion completion = codec::decode_chat_completion(fixture_text("completion/" + name));
        completion.deferred_raw.clear();
        completion.server_results_raw.clear();
        for (pending_call& call : completion.pending_tools)
            call.arguments_raw.clear();
        CHECK(completion == json::value_to<chat_completion>(fixture_json("completion/" + name)));
    }
}

TEST_CASE("every request fixture can be sent, unary and streamed")
{
    for (const std::string& name : fixture_names("request")) {
        CAPTURE(name);
        const auto request = json::value_to<chat_completion_request>(fixture_json("request/" + name));
        for (const bool stream : {false, true}) {
            const json::value body =
                json::parse(codec::encode_chat_request(request, stream, dialect::dedalus), {}, {.max_depth = 128});
            CHECK(body.as_object().contains("stream") == stream);
            CHECK(body.at("model") == fixture_json("request/" + name).at("model"));
        }
    }
}

TEST_CASE("invalid fixtures are refused with the path of what is wrong")
{
    const std::map<std::string, std::string> problems{
        {"request_not_an_object", "expected an object, got an array"},
        {"request_model_number", "model: expected a string or an array or an object, got a number"},
        {"request_model_list_item", "model[1]: expected a string or an object, got a number"},
        {"request_messages_object", "messages: expected an array, got an object"},
        {"request_message_text", "messages[0]: expected an object, got a string"},
        {"request_content_number", "messages[0].content: expected a string or an array, got a number"},
        {"request_part_text_number", "messages[0].content[1].text: expected a string, got a number"},
        {"request_temperature_text", "temperature: expected a number, got a string"},
        {"request_max_tokens_fraction", "max_tokens: expected an integer, got a fraction"},
        {"request_seed_beyond_64_bits", "seed: expected an integer of 64 bits, got a number out of its range"},
        {"request_seed_unsigned", "seed: expected an integer of 64 bits, got a number out of its range"},
        {"request_logprobs_text", "logprobs: expected a boolean, got a string"},
        {"request_logit_bias_text", "logit_bias.5: expected an integer, got a string"},
        {"request_stop_numbers", "stop[1]: expected a string, got a number"},
        {"request_tools_object", "tools: expected an array, got an object"},
        {"request_parameters_text", "tools[0].function.parameters: expected an object, got a string"},
        {"request_tool_choice_number", "tool_choice: expected a string or an object, got a number"},
        {"request_schema_list", "response_format.json_schema.schema: expected an object, got an array"},
        {"request_deferred_calls_arguments", "deferred_calls[0].arguments: expected an object, got an array"},
        {"completion_not_an_object", "expected an object, got a string"},
        {"completion_id_number", "id: expected a string, got a number"},
        {"completion_created_text", "created: expected an integer, got a string"},
        {"completion_choices_object", "choices: expected an array, got an object"},
        {"completion_index_text", "choices[0].index: expected an integer, got a string"},
        {"completion_message_text", "choices[0].message: expected an object, got a string"},
        {"completion_content_number", "choices[0].message.content: expected a string or an array, got a number"},
        {"completion_tool_calls_object", "choices[0].message.tool_calls: expected an array, got an object"},
        {"completion_tool_call_id_number", "choices[0].message.tool_calls[0].id: expected a string, got a number"},
        {"completion_logprob_text", "choices[0].logprobs.content[0].logprob: expected a number, got a string"},
        {"completion_usage_list", "usage: expected an object, got an array"},
        {"completion_usage_text", "usage.prompt_tokens: expected an integer, got a string"},
        {"completion_pending_arguments_list", "pending_tools[0].arguments: expected an object, got an array"},
        {"completion_pending_arguments_broken_text",
         "pending_tools[0].arguments: expected an object, got a string that is no text of an object"},
        {"completion_deferred_true", "deferred: expected an array, got a boolean"},
        {"completion_server_results_list", "server_results: expected an object, got an array"},
        {"chunk_not_an_object", "expected an object, got an array"},
        {"chunk_choices_text", "choices: expected an array, got a string"},
        {"chunk_delta_text", "choices[0].delta: expected an object, got a string"},
        {"chunk_content_boolean", "choices[0].delta.content: expected a string or an array, got a boolean"},
        {"chunk_tool_call_index_text", "choices[0].delta.tool_calls[0].index: expected an integer, got a string"},
        {"chunk_finish_reason_number", "choices[0].finish_reason: expected a string, got a number"},
    };
    const std::vector<std::string> names = fixture_names("invalid");
    CHECK(names.size() == problems.size());
    for (const std::string& name : names) {
        CAPTURE(name);
        const std::string path = "invalid/" + name;
        const std::string problem = problem_of([&] {
            if (name.starts_with("request_"))
                static_cast<void>(json::value_to<chat_completion_request>(fixture_json(path)));
            else if (name.starts_with("completion_"))
                static_cast<void>(codec::decode_chat_completion(fixture_text(path)));
            else
                static_cast<void>(codec::decode_chat_chunk(fixture_text(path)));
        });
        CHECK(problem == problems.at(name.substr(0, name.find('.'))));
    }
}

TEST_CASE("every error fixture gives its message and its attributes")
{
    struct expected_error
    {
        std::string message;
        std::string type;
        std::string api_code;
        std::string param;
        std::size_t validation_items = 0;
    };

    const std::map<std::string, expected_error> errors{
        {"error_object.json", {"Incorrect API key provided.", "invalid_request_error", "invalid_api_key", ""}},
        {"validation.json",
         {"body.tool_choice: Input should be a valid dictionary or object to extract fields from",
          "model_attributes_type",
          "",
          "",
          1}},
        {"validation_with_context.json",
         {"body.messages.0.temperature: Input should be less than or equal to 2", "less_than_equal", "", "", 2}},
        {"detail_error.json", {"tool_choice is not valid", "validation_error", "", "tool_choice"}},
        {"detail_text.json", {"Unauthorized", "", "", ""}},
        {"message_text.json", {"Service tier capacity exceeded for this model.", "invalid_request_error", "3505", ""}},
        {"message_validation.json", {"body.seed: Extra inputs are not permitted", "invalid_request_error", "", "", 1}},
        {"flat.json", {"No such model", "not_found_error", "model_not_found", "model"}},
        {"error_text.json", {"upstream is busy", "", "", ""}},
        {"numeric_code.json", {"Rate limited", "rate_limit_error", "429", ""}},
        {"vllm.json", {"The model `m` does not exist.", "NotFoundError", "404", "model"}},
        {"ollama.json", {"model \"m\" not found, try pulling it first", "api_error", "", ""}},
        {"xai.json", {"Incorrect API key provided: xa***ey.", "", "Client specified an invalid argument", ""}},
        {"deepseek.json", {"Insufficient Balance", "unknown_error", "invalid_request_error", ""}},
        {"anthropic_compat.json", {"model: m", "invalid_request_error", "not_found_error", ""}},
        {"plain_text.txt", {"upstream connect error or disconnect/reset before headers", "", "", ""}},
        {"html.txt", {"HTTP 502", "", "", ""}},
        {"empty.txt", {"HTTP 502", "", "", ""}},
    };
    const std::vector<std::string> names = fixture_names("error");
    CHECK(names.size() == errors.size());
    for (const std::string& name : names) {
        CAPTURE(name);
        api_error_details details;
        details.status = 502;
        codec::decode_api_error(fixture_text("error/" + name), details);
        const expected_error& expected = errors.at(name);
        CHECK(details.message == expected.message);
        CHECK(details.type == expected.type);
        CHECK(details.api_code == expected.api_code);
        CHECK(details.param == expected.param);
        CHECK(details.validation.size() == expected.validation_items);
    }
}

TEST_CASE("answers of every provider give their text, reason, calls and usage")
{
    CHECK(completion_of("openai").text() == "Paris.");
    CHECK(completion_of("openai").usage->completion_tokens_details->reasoning_tokens == 192);
    CHECK(completion_of("openai_tool_calls").choices[0].message.tool_calls.size() == 2);

    const chat_completion mistral = completion_of("mistral");
    CHECK(mistral.text() == "Bonjour !");
    CHECK(mistral.choices[0].finish_reason == finish_reason::model_length);
    CHECK(completion_of("mistral_error_reason").choices[0].finish_reason == finish_reason::error);
    const chat_completion reasoning = completion_of("mistral_reasoning");
    CHECK(reasoning.text() == "The answer is 4.");
    CHECK(std::get<std::vector<content_part>>(*reasoning.choices[0].message.content).size() == 4);

    CHECK(completion_of("vllm").choices[0].message.reasoning_content == "The user asks for a capital.\n");
    CHECK(completion_of("vllm").choices[0].message.tool_calls.empty());
    CHECK(only_call(completion_of("ollama")).function.name == "get_weather");
    CHECK(completion_of("xai").usage->total_tokens == 810);
    CHECK(completion_of("xai").choices[0].message.reasoning_content == "First, the date.");
    CHECK(completion_of("deepseek").usage->prompt_tokens_details->cached_tokens == 0);
    CHECK(only_call(completion_of("anthropic_compat")).function.arguments == R"({"city": "Oslo"})");
    CHECK(only_call(completion_of("gemini_compat")).id == "function-call-1083");
    CHECK_FALSE(completion_of("gemini_compat").choices[0].message.content.has_value());
}

TEST_CASE("odd answers give their typed members")
{
    CHECK(completion_of("no_choices").choices.empty());
    CHECK(completion_of("deferred_ticket").choices.empty());
    CHECK(only_call(completion_of("arguments_as_object")).function.arguments == R"({"q":"x","n":[1,2]})");
    CHECK(completion_of("handoff_arguments_as_text").pending_tools.at(0).arguments.at("day") == "2026-05-02");
    CHECK(completion_of("handoff_arguments_as_text").pending_tools[0].arguments_raw == R"({"day":"2026-05-02"})");
    CHECK(completion_of("mcp_errors").mcp_server_errors.at("own_kb").message == "timed out");
    CHECK(completion_of("mcp_errors").mcp_server_errors.at("own").recommendation == "reconnect");
    CHECK(completion_of("mcp_errors_free_form").mcp_server_errors.empty());
    CHECK(completion_of("large_integers").created == std::numeric_limits<std::int64_t>::max());
    CHECK(completion_of("large_integers").turns_consumed == std::numeric_limits<std::int64_t>::min());
    CHECK(completion_of("large_integers").server_results_raw.at("a") == "18446744073709551615");
    CHECK(completion_of("server_results").server_results_raw.at("c") == "[1.0,1e2]");
    CHECK(completion_of("refusal").choices[0].message.refusal == "I cannot help with that.");
    CHECK(completion_of("audio").choices[0].message.audio->transcript == "Hi");
    CHECK(completion_of("function_call").choices[0].message.function_call->arguments == R"({ "a": 1 })");
    CHECK(completion_of("several_choices").choices.at(2).index == 0);
    CHECK(completion_of("custom_tool_call").choices[0].message.tool_calls.size() == 3);
    CHECK(completion_of("logprobs").choices[0].logprobs->content[0].top_logprobs.size() == 2);
    CHECK(completion_of("null_everything").choices.size() == 2);
    CHECK(completion_of("handoff").deferred.at(0).blocked_by == std::vector<std::string>{"call_b"});
}

TEST_CASE("requests give their typed members")
{
    const chat_completion_request every = request_of("every_member");
    CHECK(every.seed == std::numeric_limits<std::int64_t>::min());
    CHECK(every.temperature == 0.0);
    CHECK(every.messages.size() == 10);
    CHECK(std::holds_alternative<function_message>(every.messages[8]));
    CHECK(request_of("null_everything").messages.empty());
    CHECK_FALSE(request_of("null_everything").temperature.has_value());
    CHECK(request_of("zero_everything").temperature == 0.0);
    CHECK(request_of("zero_everything").metadata == json::object());
    CHECK(std::holds_alternative<tool_choice_allowed_tools>(*request_of("tool_choice_allowed_tools").tool_choice));
    CHECK(std::get<tool_choice_mode>(*request_of("tool_choice_word").tool_choice) == tool_choice_mode::required);
    CHECK(std::holds_alternative<json::object>(*request_of("unknown_members").tool_choice));
    CHECK(std::get<std::string>(*request_of("unions_as_single").stop) == "END");
}

}  // namespace fixtures_test
