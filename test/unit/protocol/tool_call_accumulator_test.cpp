#include "protocol/tool_call_accumulator.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/chunks.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tool_call_accumulator_test {

namespace json = boost::json;

using namespace dedalus;
using namespace test;

namespace {

tool_call_delta piece(
    std::optional<std::int64_t> index,
    std::optional<std::string> id,
    std::optional<std::string> name,
    std::optional<std::string> arguments
)
{
    return {
        .index = index,
        .id = std::move(id),
        .function = function_call_delta{.name = std::move(name), .arguments = std::move(arguments)},
    };
}

tool_call call(std::string id, std::string name, std::string arguments)
{
    return function_tool_call{
        .id = std::move(id), .function = {.name = std::move(name), .arguments = std::move(arguments)}};
}

using pieces = std::vector<tool_call_delta>;
using calls = std::vector<tool_call>;

// Each list is one chunk.
calls accumulated(const std::vector<pieces>& lists)
{
    std::vector<chat_completion_chunk> chunks;
    for (const pieces& list : lists)
        chunks.push_back(calls_chunk(list));
    return accumulated_message(chunks).tool_calls;
}

}  // namespace

TEST_CASE("pieces of a tool call are matched by index and their arguments appended")
{
    CHECK(
        accumulated({
            {piece(0, "a", "f", "")},
            {piece(1, "b", "g", "")},
            {piece(1, {}, {}, "{\"x\""), piece(0, {}, {}, "{\"y\"")},
            {piece(0, {}, {}, ":1}")},
            {piece(1, {}, {}, ":2}")},
        }) == calls{call("a", "f", "{\"y\":1}"), call("b", "g", "{\"x\":2}")}
    );
}

TEST_CASE("calls come out by index even when they arrive in another order")
{
    CHECK(
        accumulated({{piece(2, "c", "h", "3")}, {piece(1, "b", "g", "2")}, {piece(0, "a", "f", "1")}}) ==
        calls{call("a", "f", "1"), call("b", "g", "2"), call("c", "h", "3")}
    );
}

TEST_CASE("two pieces of one index in the first chunk are merged")
{
    CHECK(accumulated({{piece(0, "a", "f", "{"), piece(0, {}, {}, "}")}}) == calls{call("a", "f", "{}")});
}

TEST_CASE("an id, a type and a name that are repeated are not appended")
{
    tool_call_delta first = piece(0, "c1", "f", "{");
    first.type = "function";
    tool_call_delta second = piece(0, "c1", "f", "}");
    second.type = "function";
    CHECK(accumulated({{first}, {second}}) == calls{call("c1", "f", "{}")});
}

TEST_CASE("empty ids, types and names do not clear what was there, and a new name replaces the old one")
{
    tool_call_delta second = piece(0, "", "", "}");
    second.type = "";
    CHECK(accumulated({{piece(0, "a", "f", "{")}, {second}}) == calls{call("a", "f", "{}")});
    CHECK(
        accumulated({{piece(0, "a", "get", "{")}, {piece(0, {}, "get_weather", "}")}}) ==
        calls{call("a", "get_weather", "{}")}
    );
}

TEST_CASE("an id that comes late belongs to the call of its index")
{
    CHECK(accumulated({{piece(0, {}, "f", "{")}, {piece(0, "a", {}, "}")}}) == calls{call("a", "f", "{}")});
}

TEST_CASE("a different id at the same index begins another call")
{
    CHECK(
        accumulated({{piece(0, "a", "f", "{\"x\":1}"), piece(0, "b", "f", "{\"x\":")}, {piece(0, {}, {}, "2}")}}) ==
        calls{call("a", "f", "{\"x\":1}"), call("b", "f", "{\"x\":2}")}
    );
    CHECK(
        accumulated({
            {piece(0, "a", "f", "1"), piece(0, "b", "g", "2")},
            {piece(0, "a", {}, "1"), piece(0, "b", {}, "2")},
        }) == calls{call("a", "f", "11"), call("b", "g", "22")}
    );
}

TEST_CASE("a piece without an index goes to the call of its id")
{
    CHECK(
        accumulated({
            {piece(0, "a", "f", "1"), piece(1, "b", "g", "2")},
            {piece({}, "a", {}, "1")},
        }) == calls{call("a", "f", "11"), call("b", "g", "2")}
    );
}

TEST_CASE("a piece without an index and id goes to the only open call")
{
    CHECK(accumulated({{piece(0, "a", "f", "{")}, {piece({}, {}, {}, "}")}}) == calls{call("a", "f", "{}")});
    CHECK(accumulated({{piece({}, "a", "f", "{")}, {piece({}, {}, "f", "}")}}) == calls{call("a", "f", "{}")});
    CHECK(accumulated({{piece({}, {}, "f", "{")}, {piece({}, "a", {}, "}")}}) == calls{call("a", "f", "{}")});
}

TEST_CASE("pieces without an index that bring a new id take the next free places")
{
    CHECK(
        accumulated({
            {piece({}, "a", "f", "1"), piece({}, "b", "f", "2")},
            {piece({}, {}, {}, "2")},
            {piece(5, "c", "g", "3")},
            {piece({}, "d", "h", "4")},
        }) == calls{call("a", "f", "1"), call("b", "f", "22"), call("c", "g", "3"), call("d", "h", "4")}
    );
}

TEST_CASE("whole calls without index and id are not glued together")
{
    CHECK(
        accumulated({{piece({}, {}, "f", "{\"x\":1}"), piece({}, {}, "f", "{\"x\":2}")}}) ==
        calls{call("", "f", "{\"x\":1}"), call("", "f", "{\"x\":2}")}
    );
    CHECK(
        accumulated({{piece({}, "", "f", "{}")}, {piece({}, "", "g", "{}")}}) ==
        calls{call("", "f", "{}"), call("", "g", "{}")}
    );
}

TEST_CASE("a negative index is 0")
{
    CHECK(accumulated({{piece(-1, "a", "f", "{")}, {piece(0, {}, {}, "}")}}) == calls{call("a", "f", "{}")});
    CHECK(accumulated({{piece(INT64_MIN, "a", "f", "{}")}}) == calls{call("a", "f", "{}")});
}

TEST_CASE("custom tools have their input appended")
{
    CHECK(
        accumulated({
            {{.index = 0, .id = "a", .type = "custom", .custom = custom_call_delta{.name = "sql", .input = "SEL"}}},
            {{.index = 0, .custom = custom_call_delta{.name = "sql", .input = "ECT", .extra = {{"k", 1}}}}},
            {{.index = 1, .id = "b", .custom = custom_call_delta{.name = "x"}}},
        }) ==
        calls{
            custom_tool_call{.id = "a", .custom = {.name = "sql", .input = "SELECT", .extra = {{"k", 1}}}},
            custom_tool_call{.id = "b", .custom = {.name = "x"}},
        }
    );
}

TEST_CASE("the thought signature and unknown members of a call are kept")
{
    tool_call_delta first = piece(0, "a", "f", "{}");
    first.thought_signature = "sig1";
    first.extra = {{"extra_content", {{"google", 1}}}, {"custom", nullptr}, {"type", nullptr}};
    first.function->extra = {{"strict", false}};
    tool_call_delta second = piece(0, {}, {}, {});
    second.thought_signature = "";
    second.extra = {{"extra_content", {{"google", 2}}}, {"id", nullptr}};
    const calls result = accumulated({{first}, {second}});
    const calls expected{function_tool_call{
        .id = "a",
        .function = {.name = "f", .arguments = "{}", .extra = {{"strict", false}}},
        .thought_signature = "sig1",
        .extra = {{"extra_content", {{"google", 2}}}},
    }};
    CHECK(result == expected);

    tool_call_delta third = piece(0, {}, {}, {});
    third.thought_signature = "sig2";
    CHECK(std::get<function_tool_call>(accumulated({{first}, {third}}).at(0)).thought_signature == "sig2");
}

TEST_CASE("a call of an unknown type stays JSON")
{
    const calls result = accumulated({
        {{.index = 0, .id = "a", .type = "web_search", .extra = {{"web_search", {{"query", "x"}}}}}},
        {{.index = 1, .id = "b", .type = "remote", .function = function_call_delta{.name = "f", .arguments = "{"}}},
        {piece(1, {}, {}, "}")},
    });
    const json::object search{{"id", "a"}, {"type", "web_search"}, {"web_search", {{"query", "x"}}}};
    const json::object remote{{"id", "b"}, {"type", "remote"}, {"function", {{"name", "f"}, {"arguments", "{}"}}}};
    CHECK(result == calls{search, remote});
}

TEST_CASE("empty and null lists of tool calls leave no trace, and calls of different choices are apart")
{
    const chat_completion whole = accumulate({
        delta_chunk({.content = "a", .extra = {{"tool_calls", json::array{}}}}),
        delta_chunk({.content = "b", .extra = {{"tool_calls", nullptr}}}),
        calls_chunk({piece(0, "x", "f", "1")}, 1),
        calls_chunk({piece(0, "y", "g", "2")}, 2),
    });
    REQUIRE(whole.choices.size() == 3);
    CHECK(whole.choices[0].message == assistant_message{.content = "ab"});
    CHECK(whole.choices[1].message.tool_calls == calls{call("x", "f", "1")});
    CHECK(whole.choices[2].message.tool_calls == calls{call("y", "g", "2")});
}

TEST_CASE("tool calls stay when the finish reason is stop, and pieces after it are taken")
{
    const chat_completion whole = accumulate({
        calls_chunk({piece(0, "a", "f", "{")}),
        finish_chunk("stop"),
        calls_chunk({piece(0, "a", {}, "}")}),
    });
    CHECK(whole.choices.at(0).message.tool_calls == calls{call("a", "f", "{}")});
    CHECK(whole.choices.at(0).finish_reason == finish_reason("stop"));
}

TEST_CASE("a call index above 127 is refused and nothing of the chunk is added")
{
    chat_completion_accumulator accumulator;
    accumulator.add(calls_chunk({piece(127, "a", "f", "{}")}));
    const chat_completion before = accumulator.completion();
    for (const std::int64_t index : {std::int64_t{128}, INT64_MAX}) {
        try {
            accumulator.add(calls_chunk({piece(127, {}, {}, "x"), piece(index, "b", "g", "{}")}));
            FAIL("not refused");
        }
        catch (const response_format_error& e) {
            CHECK(e.code() == errc::invalid_response);
        }
    }
    CHECK(accumulator.completion() == before);
}

TEST_CASE("a choice has at most 128 calls, with and without an index")
{
    const auto add_calls = [](std::optional<std::int64_t> index, std::size_t count) {
        chat_completion_accumulator accumulator;
        for (std::size_t i = 0; i < count; ++i)
            accumulator.add(calls_chunk({piece(index, "call_" + std::to_string(i), "f", "{}")}));
        return accumulator.completion().choices.at(0).message.tool_calls.size();
    };
    CHECK(add_calls(0, 128) == 128);
    CHECK(add_calls(std::nullopt, 128) == 128);
    for (const std::optional<std::int64_t> index : {std::optional<std::int64_t>(0), std::optional<std::int64_t>()}) {
        try {
            add_calls(index, 129);
            FAIL("not refused");
        }
        catch (const response_format_error& e) {
            CHECK(e.code() == errc::limit_exceeded);
        }
    }
}

}  // namespace tool_call_accumulator_test
