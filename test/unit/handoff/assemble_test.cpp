#include "handoff/assemble.hpp"

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"

#include <boost/json/parse.hpp>

#include <string>
#include <vector>

namespace assemble_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using test::codes;
using names = std::vector<std::string>;

namespace {

core::assembled_turn assemble(const dedalus::chat_completion& answer)
{
    int made = 0;
    return core::assemble_turn(answer, {"local", "other"}, 2, [&made] { return "made_" + std::to_string(++made); });
}

std::string call(const std::string& id, const std::string& name, const std::string& arguments = "{}")
{
    return R"({"id":")" + id + R"(","type":"function","function":{"name":")" + name + R"(","arguments":")" + arguments +
           R"("}})";
}

dedalus::chat_completion answer_with(const std::string& calls, const std::string& more)
{
    return test::choice_answer(
        R"({"role":"assistant","content":"On it.","tool_calls":[)" + calls + "]}", "tool_calls", more
    );
}

names ids(const dedalus::assistant_message& message)
{
    names result;
    for (const dedalus::tool_call& c : message.tool_calls)
        result.push_back(core::call_id(c));
    return result;
}

names ids(const std::vector<core::requested_call>& calls)
{
    names result;
    for (const core::requested_call& c : calls)
        result.push_back(c.id);
    return result;
}

const dedalus::function_tool_call& function_call(const dedalus::assistant_message& message, std::size_t index)
{
    return std::get<dedalus::function_tool_call>(message.tool_calls.at(index));
}

}  // namespace

TEST_CASE("A message that has all pending calls goes back as it came")
{
    const core::assembled_turn turn = assemble(answer_with(
        call("b", "local", R"({\"x\": 1.0})") + "," + call("a", "local"),
        R"(,"pending_tools":[{"id":"a","name":"local","arguments":{}},{"id":"b","name":"local","arguments":{"x": 1.0}}])"
    ));
    CHECK(ids(turn.message) == names{"b", "a"});
    CHECK(function_call(turn.message, 0).function.arguments == R"({"x": 1.0})");
    CHECK(turn.message.text() == "On it.");
    CHECK(ids(turn.requested) == names{"a", "b"});
    CHECK(turn.requested[0].pending);
    CHECK(turn.server_answers.empty());
    CHECK(turn.diagnostics.empty());
}

TEST_CASE("Pending calls that the message lacks are added at its end, and diagnosed")
{
    const core::assembled_turn turn = assemble(answer_with(
        call("b", "local"),
        R"(,"pending_tools":[{"id":"c","name":"local","arguments":{}},{"id":"b","name":"local","arguments":{}},
                             {"id":"a","name":"local","arguments":{}}])"
    ));
    CHECK(ids(turn.message) == names{"b", "c", "a"});
    CHECK(codes(turn.diagnostics) == names{"missing_tool_call", "missing_tool_call"});
    CHECK(turn.diagnostics[0].turn == 2);
}

TEST_CASE("A call that is a missing pending one under another id is left out, others with its arguments stay")
{
    const core::assembled_turn turn = assemble(answer_with(
        call("x", "local", R"({\"n\":1})") + "," + call("y", "local", R"({\"n\":2})") + "," + call("b", "other"),
        R"(,"pending_tools":[{"id":"a","name":"local","arguments":{"n":1.0}},
                             {"id":"b","name":"other","arguments":{}}])"
    ));
    CHECK(ids(turn.message) == names{"y", "b", "a"});
    CHECK(ids(turn.requested) == names{"a", "b", "y"});
    CHECK(codes(turn.diagnostics) == names{"call_under_other_id", "missing_tool_call"});

    const core::assembled_turn again = assemble(answer_with(
        call("a", "local") + "," + call("x", "local"), R"(,"pending_tools":[{"id":"a","name":"local","arguments":{}}])"
    ));
    CHECK(ids(again.message) == names{"a", "x"});
    CHECK(ids(again.requested) == names{"a", "x"});
}

TEST_CASE("Without tool_calls the message gets one for each pending call, with the raw text of its arguments")
{
    const core::assembled_turn turn = assemble(test::choice_answer(
        R"({"role":"assistant","content":"On it."})",
        "stop",
        R"(,"pending_tools":[{"id":"a","name":"local","arguments":{ "x" : 1e2, "x" : 12345678901234567890123 }}])"
    ));
    REQUIRE(ids(turn.message) == names{"a"});
    CHECK(function_call(turn.message, 0).function.name == "local");
    CHECK(function_call(turn.message, 0).function.arguments == R"({ "x" : 1e2, "x" : 12345678901234567890123 })");
    CHECK(turn.message.text() == "On it.");
    CHECK(turn.diagnostics.empty());
}

TEST_CASE("Without a choice the message is made of the pending calls alone")
{
    dedalus::chat_completion answer;
    dedalus::pending_call& pending = answer.pending_tools.emplace_back();
    pending.id = "a";
    pending.name = "local";
    pending.arguments = json::parse(R"({"x":1})").as_object();
    const core::assembled_turn turn = assemble(answer);
    REQUIRE(ids(turn.message) == names{"a"});
    CHECK_FALSE(turn.message.content.has_value());
    CHECK(function_call(turn.message, 0).function.arguments == R"({"x":1})");
}

TEST_CASE("Server results without a call in the message become no tool messages")
{
    const core::assembled_turn turn = assemble(
        test::choice_answer(R"({"role":"assistant","content":"x"})", "stop", R"(,"server_results":{"s":{"a":1}})")
    );
    CHECK(turn.message.tool_calls.empty());
    CHECK(turn.requested.empty());
    CHECK(turn.server_answers.empty());
}

TEST_CASE("A call with a server result is answered by it")
{
    const core::assembled_turn turn = assemble(answer_with(
        call("s", "search") + "," + call("t", "search") + "," + call("u", "local") + "," + call("a", "local"),
        R"(,"server_results":{"s":"te\u0078t","t":null,"u":{"x": [1.0]},"a":"not used"},
            "pending_tools":[{"id":"a","name":"local","arguments":{}}])"
    ));
    CHECK(ids(turn.message) == names{"s", "t", "u", "a"});
    CHECK(ids(turn.requested) == names{"a"});
    CHECK(turn.server_answers == core::answer_texts{{"s", "text"}, {"t", "null"}, {"u", R"({"x": [1.0]})"}});
}

TEST_CASE("Deferred calls stay in the message without an answer")
{
    const core::assembled_turn turn = assemble(answer_with(
        call("a", "local") + "," + call("d", "invoice"),
        R"(,"pending_tools":[{"id":"a","name":"local","arguments":{}}],"deferred":[{"id":"d","name":"invoice"}])"
    ));
    CHECK(ids(turn.message) == names{"a", "d"});
    CHECK(ids(turn.requested) == names{"a"});
    CHECK(turn.server_answers.empty());
}

TEST_CASE("A call that the server ran without a result by id is left out")
{
    const core::assembled_turn turn = assemble(answer_with(
        call("s", "search") + "," + call("m", "map") + "," + call("a", "local"),
        R"(,"tools_executed":["search"],"mcp_tool_results":[{"tool_name":"map","server_name":"x","arguments":{},
            "is_error":false}],"pending_tools":[{"id":"a","name":"local","arguments":{}}])"
    ));
    CHECK(ids(turn.message) == names{"a"});
    CHECK(codes(turn.diagnostics) == names{"server_call_seen", "server_call_seen"});
}

TEST_CASE("Other calls of the message are the client's: registered ones even when the server ran one of that name")
{
    const core::assembled_turn turn = assemble(answer_with(
        call("a", "local") + "," + call("b", "other") + "," + call("c", "nobody"),
        R"(,"tools_executed":["other"],"pending_tools":[{"id":"a","name":"local","arguments":{}}])"
    ));
    CHECK(ids(turn.message) == names{"a", "b", "c"});
    CHECK(ids(turn.requested) == names{"a", "b", "c"});
    CHECK_FALSE(turn.requested[1].pending);
}

TEST_CASE("A call without an id gets one")
{
    const core::assembled_turn turn = assemble(answer_with(call("", "local") + "," + call("", "other"), ""));
    CHECK(ids(turn.message) == names{"made_1", "made_2"});
    CHECK(ids(turn.requested) == names{"made_1", "made_2"});
}

TEST_CASE("Calls of one message never share an id")
{
    const core::assembled_turn turn = assemble(answer_with(
        call("x", "local", R"({\"n\":1})") + "," + call("x", "local", R"({\"n\":2})") + "," +
            call("x", "local", R"({\"n\":1})"),
        ""
    ));
    CHECK(ids(turn.message) == names{"x", "made_1"});
    CHECK(ids(turn.requested) == names{"x", "made_1"});
    CHECK(codes(turn.diagnostics) == names{"duplicate_call_id"});
}

TEST_CASE("A pending call without an id is left to be refused")
{
    const core::assembled_turn turn = assemble(test::handoff_answer(R"([{"id":"","name":"local","arguments":{}}])"));
    CHECK(turn.message.tool_calls.empty());
    CHECK(ids(turn.requested) == names{""});
}

TEST_CASE("What providers want back is kept, what only answers have is dropped")
{
    const core::assembled_turn turn = assemble(test::choice_answer(
        R"({"role":"assistant","content":"x","refusal":null,"annotations":[{"type":"url_citation"}],
            "reasoning_content":"because","provider_state":{"a":1},"audio":{"id":"au","data":"AAAA","expires_at":1},
            "tool_calls":[{"id":"a","type":"function","function":{"name":"local","arguments":"{}"},
                           "thought_signature":"sig","more":true}]})",
        "tool_calls"
    ));
    CHECK(turn.message.annotations.empty());
    CHECK(turn.message.reasoning_content == "because");
    CHECK(turn.message.extra.at("provider_state") == json::parse(R"({"a":1})"));
    REQUIRE(turn.message.audio);
    CHECK(turn.message.audio->id == "au");
    CHECK_FALSE(turn.message.audio->data);
    CHECK(function_call(turn.message, 0).thought_signature == "sig");
    CHECK(function_call(turn.message, 0).extra.at("more") == json::value(true));
}

TEST_CASE("A server result is text as it is, and other JSON in the bytes that came")
{
    CHECK(core::server_result_text("a \"b\"") == "a \"b\"");
    CHECK(core::server_result_text("a", R"("\u0061")") == "a");
    CHECK(core::server_result_text(nullptr) == "null");
    CHECK(core::server_result_text(json::parse("[1.0]"), "[1.0]") == "[1.0]");
    CHECK(core::server_result_text(json::parse(R"({"a":true})")) == R"({"a":true})");
}

}  // namespace assemble_test
