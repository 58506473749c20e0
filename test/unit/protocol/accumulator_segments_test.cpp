#include <dedalus/chat/accumulator.hpp>

#include "support/catch.hpp"
#include "support/chunks.hpp"

#include <boost/json/array.hpp>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace accumulator_segments_test {

namespace json = boost::json;

using namespace dedalus;
using namespace test;

namespace {

tool_call_delta whole_call(std::int64_t index, std::string id, std::string name)
{
    return {
        .index = index,
        .id = std::move(id),
        .function = function_call_delta{.name = std::move(name), .arguments = "{}"},
    };
}

std::vector<std::string> call_ids(const chat_completion& whole)
{
    std::vector<std::string> ids;
    for (const tool_call& call : whole.choices.at(0).message.tool_calls)
        ids.push_back(std::get<function_tool_call>(call).id);
    return ids;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("another completion id after the finish reason begins a segment, and the last segment is the answer")
{
    chat_completion_chunk second = with_id("c2", text_chunk("It is "));
    second.created = 1775000009;
    second.model = "n";
    chat_completion_chunk usage_chunk = with_id("c2", chunk_of({}));
    usage_chunk.usage = usage{.prompt_tokens = 1, .completion_tokens = 2, .total_tokens = 3};
    const std::vector<chat_completion_chunk> chunks{
        text_chunk("Let me look."),
        calls_chunk({whole_call(0, "a", "search")}),
        finish_chunk("tool_calls"),
        with_id("c2", delta_chunk({.role = "assistant", .content = ""})),
        second,
        with_id("c2", text_chunk("sunny.")),
    };
    const chat_completion unfinished = accumulate(chunks);
    CHECK(unfinished.id == "c2");
    CHECK(unfinished.created == 1775000009);
    CHECK(unfinished.model == "n");
    REQUIRE(unfinished.choices.size() == 1);
    CHECK(unfinished.choices[0] == choice{.message = {.content = "It is sunny."}});

    std::vector<chat_completion_chunk> all = chunks;
    all.push_back(with_id("c2", finish_chunk("stop")));
    all.push_back(usage_chunk);
    const chat_completion whole = accumulate(all);
    CHECK(
        whole.choices.at(0) == choice{.message = {.content = "It is sunny."}, .finish_reason = finish_reason("stop")}
    );
    CHECK(whole.usage);
}

TEST_CASE("text and calls of the first choice in earlier segments stay to be looked at")
{
    dedalus::chat_completion_accumulator accumulator;
    const auto add = [&accumulator](const std::vector<chat_completion_chunk>& chunks) {
        for (const chat_completion_chunk& chunk : chunks)
            accumulator.add(chunk);
    };
    add({text_chunk("Let me look."), calls_chunk({whole_call(0, "a", "search")}), finish_chunk("tool_calls")});
    CHECK(accumulator.earlier_messages().empty());
    // The first change shows itself by the completion id, the second one by a call.
    add({with_id("c2", text_chunk("And there.")), with_id("c2", calls_chunk({whole_call(0, "b", "look")}))});
    REQUIRE(accumulator.earlier_messages().size() == 1);
    add({with_id("c2", finish_chunk("tool_calls")), with_id("c2", text_chunk("At last.", 1))});
    add({with_id("c2", text_chunk("Found: ")), with_id("c2", calls_chunk({whole_call(0, "c", "find")}))});
    const std::vector<dedalus::assistant_message>& earlier = accumulator.earlier_messages();
    REQUIRE(earlier.size() == 2);
    CHECK(earlier[0].text() == "Let me look.");
    CHECK(std::get<function_tool_call>(earlier[0].tool_calls.at(0)).id == "a");
    CHECK(earlier[1].text() == "And there.");
    REQUIRE(earlier[1].tool_calls.size() == 1);
    CHECK(std::get<function_tool_call>(earlier[1].tool_calls[0]).id == "b");
    CHECK(accumulator.completion().choices.at(0).message.text() == "Found: ");
}

TEST_CASE("a segment makes the answer unfinished again")
{
    chat_completion_accumulator accumulator;
    accumulator.add(text_chunk("a"));
    accumulator.add(finish_chunk("stop"));
    CHECK(accumulator.finished());
    accumulator.add(with_id("c2", text_chunk("b")));
    CHECK_FALSE(accumulator.finished());
}

TEST_CASE("another completion id before the finish reason begins nothing")
{
    const chat_completion whole =
        accumulate({text_chunk("a"), with_id("c2", text_chunk("b")), with_id("c2", finish_chunk("stop"))});
    CHECK(whole.id == "c1");
    CHECK(whole.text() == "ab");
}

TEST_CASE("a server that gives each chunk an id of its own loses no text")
{
    const chat_completion whole = accumulate({
        with_id("x1", text_chunk("a")),
        with_id("x2", text_chunk("b")),
        with_id("x3", finish_chunk("stop")),
        with_id("x4", text_chunk("!")),
        with_id("x5", finish_chunk("stop")),
        with_id("x6", chunk_of({})),
    });
    CHECK(whole.id == "x1");
    CHECK(whole.text() == "ab!");
}

TEST_CASE("another completion id on chunks that bring no answer begins nothing")
{
    chat_completion_chunk usage_chunk = with_id("c2", chunk_of({}));
    usage_chunk.usage = usage{.prompt_tokens = 1, .completion_tokens = 2, .total_tokens = 3};
    const chat_completion whole = accumulate({
        text_chunk("a"),
        finish_chunk("stop"),
        usage_chunk,
        with_id("c2", delta_chunk({.role = "assistant", .content = ""})),
        with_id("c2", finish_chunk("stop")),
    });
    CHECK(whole.id == "c1");
    CHECK(whole.text() == "a");
}

TEST_CASE("choices that come one after the other under ids of their own are one answer")
{
    const chat_completion whole = accumulate({
        with_id("x0", text_chunk("a", 0)),
        with_id("x0", finish_chunk("stop", 0)),
        with_id("x1", text_chunk("b", 1)),
        with_id("x1", finish_chunk("stop", 1)),
    });
    REQUIRE(whole.choices.size() == 2);
    CHECK(whole.choices[0].message.text() == "a");
    CHECK(whole.choices[1].message.text() == "b");
}

TEST_CASE("a result without its bytes takes away the bytes of the one before")
{
    chat_completion_chunk first = chunk_of({});
    first.server_results = json::object{{"a", 1}};
    first.server_results_raw = {{"a", "1"}};
    chat_completion_chunk second = chunk_of({});
    second.server_results = json::object{{"a", 2}};
    CHECK(accumulate({first, second}).server_results_raw.empty());
}

TEST_CASE("a finish reason with every call begins nothing, whatever index the calls have")
{
    chat_completion_chunk first = calls_chunk({whole_call(0, "a", "f")});
    first.choices[0].finish_reason = finish_reason("tool_calls");
    chat_completion_chunk second = delta_chunk({.content = "", .tool_calls = {whole_call(0, "b", "g")}});
    second.choices[0].finish_reason = finish_reason("tool_calls");
    const chat_completion whole = accumulate({text_chunk("Let me look."), first, second});
    CHECK(call_ids(whole) == strings{"a", "b"});
    CHECK(whole.text() == "Let me look.");
    CHECK(whole.choices[0].finish_reason == finish_reason("tool_calls"));
}

TEST_CASE("a different id at a used index after the finish reason and a role begins a segment")
{
    const bool role_with_call = GENERATE(true, false);
    chat_completion_chunk next = calls_chunk({whole_call(0, "c", "h")});
    if (role_with_call)
        next.choices[0].delta.role = "assistant";
    const chat_completion whole = accumulate({
        text_chunk("first"),
        calls_chunk({whole_call(0, "a", "f"), whole_call(1, "b", "g")}),
        finish_chunk("tool_calls"),
        delta_chunk({.role = role_with_call ? "" : "assistant"}),
        next,
    });
    CHECK(call_ids(whole) == strings{"c"});
    CHECK_FALSE(whole.choices[0].message.content.has_value());
    CHECK_FALSE(whole.choices[0].finish_reason);
}

TEST_CASE("what came between the finish reason and the call that shows the segment belongs to the segment")
{
    chat_completion_chunk scored = delta_chunk({.content = "second", .reasoning_content = "hm"});
    scored.choices[0].logprobs = choice_logprobs{.content = {{.token = "second"}}};
    chat_completion_chunk first = delta_chunk({.content = "first", .reasoning_content = "so"});
    first.choices[0].logprobs = choice_logprobs{.content = {{.token = "first"}}, .refusal = {{.token = "no"}}};
    const chat_completion whole = accumulate({
        first,
        calls_chunk({whole_call(0, "a", "f")}),
        finish_chunk("tool_calls"),
        scored,
        calls_chunk({whole_call(1, "c", "h")}),
        calls_chunk({whole_call(0, "b", "g")}),
        finish_chunk("tool_calls"),
    });
    CHECK(call_ids(whole) == strings{"b", "c"});
    const choice& last = whole.choices[0];
    CHECK((last.message.content == message_content("second")));
    CHECK(last.message.reasoning_content == "hm");
    REQUIRE(last.logprobs);
    CHECK(last.logprobs->content.size() == 1);
    CHECK(last.logprobs->refusal.empty());
    CHECK(last.finish_reason == finish_reason("tool_calls"));
}

TEST_CASE("content parts of a finished segment are dropped, later ones are kept")
{
    const json::object first{{"type", "thinking"}};
    const json::object second{{"type", "other"}};
    const chat_completion whole = accumulate({
        delta_chunk({.content = std::vector<content_part>{first}, .tool_calls = {whole_call(0, "a", "f")}}),
        finish_chunk("tool_calls"),
        delta_chunk({.content = std::vector<content_part>{second}}),
        calls_chunk({whole_call(0, "b", "g")}),
    });
    CHECK((whole.choices.at(0).message.content == message_content(std::vector<content_part>{second})));
}

TEST_CASE("text that follows the finish reason of server calls is added to the message with the calls")
{
    const chat_completion whole = accumulate({
        calls_chunk({whole_call(0, "a", "f")}),
        finish_chunk("tool_calls"),
        text_chunk("It is sunny."),
        finish_chunk("stop"),
    });
    CHECK(call_ids(whole) == strings{"a"});
    CHECK(whole.text() == "It is sunny.");
    CHECK(whole.choices[0].finish_reason == finish_reason("stop"));
}

TEST_CASE("handoff members are taken from any chunk, with and without choices, and span all segments")
{
    chat_completion_chunk first = text_chunk("a");
    first.correlation_id = "k1";
    first.turns_consumed = 1;
    first.tools_executed = {"x"};
    first.mcp_tool_results = {{.tool_name = "x", .server_name = "s"}};
    first.pending_tools = {{.id = "p1", .name = "f", .arguments_raw = "{}"}};
    first.deferred = {{.id = "d1", .name = "g"}};
    first.deferred_raw = "[{\"id\":\"d1\"}]";
    chat_completion_chunk second = chunk_of({});
    second.correlation_id = "k2";
    second.turns_consumed = 2;
    second.tools_executed = {"x", "y"};
    second.mcp_tool_results = {{.tool_name = "y", .server_name = "s"}};
    second.pending_tools = {{.id = "p2", .name = "f"}, {.id = "p3", .name = "f"}};
    second.deferred = {{.id = "d2", .name = "g"}};
    second.deferred_raw = "[{\"id\": \"d2\"}]";
    chat_completion_chunk nothing = with_id("c2", text_chunk("b"));
    nothing.extra = {{"correlation_id", nullptr}, {"pending_tools", nullptr}, {"deferred", nullptr}};

    const chat_completion early = accumulate({first, finish_chunk("stop")});
    CHECK(early.correlation_id == "k1");
    CHECK(early.turns_consumed == 1);
    CHECK(early.tools_executed == first.tools_executed);
    CHECK(early.mcp_tool_results == first.mcp_tool_results);
    CHECK(early.pending_tools == first.pending_tools);
    CHECK(early.deferred == first.deferred);
    CHECK(early.deferred_raw == first.deferred_raw);

    const chat_completion whole = accumulate({first, finish_chunk("stop"), second, nothing});
    CHECK(whole.text() == "b");
    CHECK(whole.correlation_id == "k2");
    CHECK(whole.turns_consumed == 2);
    CHECK(whole.tools_executed == second.tools_executed);
    CHECK(whole.mcp_tool_results == second.mcp_tool_results);
    CHECK(whole.pending_tools == second.pending_tools);
    CHECK(whole.deferred == second.deferred);
    CHECK(whole.deferred_raw == second.deferred_raw);
    CHECK(whole.extra.empty());

    chat_completion_chunk emptied = chunk_of({});
    emptied.extra = {
        {"tools_executed", json::array{}},
        {"mcp_tool_results", json::array{}},
        {"pending_tools", json::array{}},
        {"deferred", json::array{}}};
    const chat_completion cleared = accumulate({first, finish_chunk("stop"), second, emptied});
    CHECK(cleared.correlation_id == "k2");
    CHECK(cleared.tools_executed.empty());
    CHECK(cleared.mcp_tool_results.empty());
    CHECK(cleared.pending_tools.empty());
    CHECK(cleared.deferred.empty());
    CHECK(cleared.deferred_raw.empty());
    CHECK(cleared.extra.empty());
}

TEST_CASE("server results and MCP errors are merged by key, the last value of a key stays")
{
    chat_completion_chunk first = chunk_of({});
    first.server_results = json::object{{"a", 1}, {"b", {{"deep", true}}}};
    first.mcp_server_errors = {{"s1", {.message = "old"}}, {"s2", {.message = "two"}}};
    chat_completion_chunk second = chunk_of({});
    first.server_results_raw = {{"a", " 1"}, {"b", "{\"deep\": true}"}};
    second.server_results = json::object{{"b", nullptr}, {"c", "x"}};
    second.server_results_raw = {{"b", "null"}, {"c", "\"x\""}};
    second.mcp_server_errors = {{"s1", {.message = "new"}}};
    const chat_completion whole = accumulate({first, second});
    CHECK(whole.server_results == json::object{{"a", 1}, {"b", nullptr}, {"c", "x"}});
    CHECK(whole.server_results_raw == decltype(whole.server_results_raw){{"a", " 1"}, {"b", "null"}, {"c", "\"x\""}});
    CHECK(
        whole.mcp_server_errors ==
        decltype(whole.mcp_server_errors){{"s1", {.message = "new"}}, {"s2", {.message = "two"}}}
    );
}

}  // namespace accumulator_segments_test
