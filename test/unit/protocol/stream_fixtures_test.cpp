#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>

#include "protocol/chat_stream_decoder.hpp"
#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/replay.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace stream_fixtures_test {

using namespace dedalus;
using namespace dedalus::protocol;
using namespace test;

namespace {

struct outcome
{
    std::size_t chunks = 0;
    chat_completion completion;
    std::string failure;
};

outcome replay(const std::vector<std::string>& pieces)
{
    chat_stream_decoder decoder({.max_event_bytes = 65536, .max_completion_bytes = 65536}, {});
    outcome seen;
    try {
        for (const std::string& piece : pieces) {
            decoder.feed(piece);
            while (decoder.next())
                ++seen.chunks;
        }
        decoder.finish();
    }
    catch (const api_error& e) {
        seen.failure = "api: " + e.message();
    }
    catch (const response_format_error&) {
        seen.failure = "malformed";
    }
    catch (const incomplete_stream_error&) {
        seen.failure = "incomplete";
    }
    seen.completion = decoder.accumulated().completion();
    return seen;
}

/// "name(arguments)" of each call.
std::vector<std::string> calls_of(const chat_completion& completion)
{
    std::vector<std::string> calls;
    if (completion.first_message() == nullptr)
        return calls;
    for (const tool_call& call : completion.first_message()->tool_calls) {
        const function_call& function = std::get<function_tool_call>(call).function;
        calls.push_back(function.name + "(" + function.arguments + ")");
    }
    return calls;
}

struct expected_stream
{
    std::size_t chunks = 0;
    std::string text{};
    std::string finish_reason{};
    std::int64_t total_tokens = 0;
    std::vector<std::string> calls{};
    std::string failure{};
};

const std::vector<std::string> oslo{R"(get_weather({"city":"Oslo"}))"};

const std::map<std::string, expected_stream> streams{
    {"tool_calls.sse",
     {.chunks = 6, .finish_reason = "tool_calls", .total_tokens = 29, .calls = {R"(add({"a":1,"b":2}))"}}},
    {"error_event.sse", {.chunks = 1, .text = "Hi", .failure = "api: upstream failed"}},
    {"error_data.sse", {.chunks = 1, .text = "Hi", .failure = "api: upstream failed"}},
    {"error_text.sse", {.chunks = 1, .text = "Hi", .failure = "api: upstream failed"}},
    {"cut_short.sse", {.chunks = 2, .text = "Hello", .failure = "incomplete"}},
    {"without_done.sse", {.chunks = 2, .text = "Hello", .finish_reason = "stop"}},
    {"not_json.sse", {.chunks = 1, .text = "Hi", .failure = "malformed"}},
    {"carriage_returns.sse", {.chunks = 2, .text = "caf\xC3\xA9", .finish_reason = "stop"}},
    {"several_data_lines.sse", {.chunks = 1, .text = "Hi", .finish_reason = "stop"}},
    {"openai.sse", {.chunks = 5, .text = "Paris.", .finish_reason = "stop", .total_tokens = 217}},
    {"mistral.sse", {.chunks = 3, .text = "Bonjour !", .finish_reason = "stop", .total_tokens = 21}},
    {"mistral_reasoning.sse", {.chunks = 5, .text = "The answer is 4.", .finish_reason = "stop", .total_tokens = 40}},
    {"mistral_tool_calls.sse",
     {.chunks = 1, .finish_reason = "tool_calls", .total_tokens = 95, .calls = {R"(get_weather({"city": "Oslo"}))"}}},
    {"vllm.sse", {.chunks = 5, .text = "Paris.", .finish_reason = "stop", .total_tokens = 60}},
    {"ollama.sse",
     {.chunks = 5, .finish_reason = "tool_calls", .calls = {oslo[0], R"(get_weather({"city":"Bergen"}))"}}},
    {"xai.sse", {.chunks = 4, .text = "Rain.", .finish_reason = "stop", .total_tokens = 40}},
    {"deepseek.sse", {.chunks = 4, .text = "9.8", .finish_reason = "stop", .total_tokens = 228}},
    {"anthropic_compat.sse",
     {.chunks = 7,
      .text = "I will look.",
      .finish_reason = "tool_calls",
      .total_tokens = 448,
      .calls = {R"(get_weather({"city": "Oslo"}))"}}},
    {"gemini_compat.sse",
     {.chunks = 2, .text = "Looking.", .finish_reason = "tool_calls", .total_tokens = 163, .calls = oslo}},
    {"handoff.sse", {.chunks = 4, .finish_reason = "tool_calls", .calls = {R"(read_calendar({"day":"2026-05-02"}))"}}},
    {"agent_handover.sse", {.chunks = 3, .text = "One. Two.", .finish_reason = "stop"}},
};

chat_completion completion_of(const std::string& name)
{
    return replay({fixture_text("stream/" + name)}).completion;
}

}  // namespace

TEST_CASE("every stream fixture adds up to its answer, however it is cut")
{
    const std::vector<std::string> names = fixture_names("stream");
    CHECK(names.size() == streams.size());
    for (const std::string& name : names) {
        CAPTURE(name);
        const expected_stream& expected = streams.at(name);
        const std::string body = fixture_text("stream/" + name);
        const outcome whole = replay({body});
        CHECK(whole.chunks == expected.chunks);
        CHECK(whole.failure == expected.failure);
        CHECK(whole.completion.text() == expected.text);
        CHECK(calls_of(whole.completion) == expected.calls);
        const auto& choice = whole.completion.choices.at(0);
        CHECK(choice.finish_reason.value_or("").str() == expected.finish_reason);
        CHECK((whole.completion.usage ? whole.completion.usage->total_tokens : 0) == expected.total_tokens);

        const outcome bytewise = replay(byte_by_byte(body));
        CHECK(bytewise.chunks == whole.chunks);
        CHECK(bytewise.failure == whole.failure);
        CHECK(bytewise.completion == whole.completion);
    }
}

TEST_CASE("streams of providers keep what only they send")
{
    CHECK(completion_of("vllm.sse").choices[0].message.reasoning_content == "A capital.");
    CHECK(completion_of("deepseek.sse").choices[0].message.reasoning_content == "9.8 is 9.80.");
    CHECK(completion_of("xai.sse").choices[0].message.reasoning_content == "First");
    CHECK(completion_of("xai.sse").extra.at("citations").as_array().size() == 1);
    CHECK(completion_of("ollama.sse").choices[0].message.extra.at("reasoning") == "The tool fits.");

    const chat_completion gemini = completion_of("gemini_compat.sse");
    const auto& call = std::get<function_tool_call>(gemini.choices[0].message.tool_calls.at(0));
    CHECK(call.extra.at("extra_content").at("google").at("thought_signature") == "EjQK");

    const chat_completion handoff = completion_of("handoff.sse");
    CHECK(handoff.correlation_id == "corr_5f2c");
    CHECK(handoff.pending_tools.at(0).arguments.at("day") == "2026-05-02");
    CHECK(
        handoff.deferred_raw ==
        R"([{"id":"call_s2","name":"send_invoice","arguments":{"n":1.0},"blocked_by":["call_a"]}])"
    );
}

}  // namespace stream_fixtures_test
