#include "handoff/run_machine.hpp"

#include <dedalus/json.hpp>

#include "codec/encode_chat_request.hpp"
#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <string>
#include <vector>

namespace run_machine_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_outcome;
using test::at;
using test::choice_answer;
using test::deferred;
using test::driver;
using test::handoff_answer;
using test::has_code;
using test::names;
using test::outline;
using test::question;
using test::settings;
using test::text_answer;
using test::tool_text;
using test::two_pending;

TEST_CASE("A handoff of two dependent calls and a deferred one is followed to its end")
{
    driver d;
    d.turn(handoff_answer(
        two_pending,
        R"(,"deferred":)" + deferred +
            R"(,"correlation_id":"c1","turns_consumed":2,"server_results":{"s":{"q":1}},"tools_executed":["find"])"
    ));
    d.exchange(text_answer("Done."));
    const dedalus::run_result r = d.result();

    CHECK(d.executed == names{"a", "b"});
    REQUIRE(d.sent.size() == 2);
    CHECK(d.sent[0].handoff_mode == true);
    CHECK(d.sent[0].max_turns == 10);
    CHECK_FALSE(d.sent[0].correlation_id);
    CHECK(outline(d.sent[0].messages) == "user");
    CHECK(d.sent[1].handoff_mode == true);
    CHECK(d.sent[1].max_turns == 8);
    CHECK(d.sent[1].correlation_id == "c1");
    CHECK(d.sent[1].deferred_calls_raw == deferred);
    CHECK(outline(d.sent[1].messages) == "user assistant(a,b) tool:a tool:b");
    CHECK(tool_text(d.sent[1].messages, "b") == "b done");

    CHECK(r.run_id == "run_1");
    CHECK(r.phase == run_phase::completed);
    CHECK(r.stop_reason == stop_reason::final);
    CHECK(r.final_text == "Done.");
    CHECK(outline(r.messages) == "user assistant(a,b) tool:a tool:b assistant");
    CHECK(r.turns_used == 2);
    CHECK(r.llm_turns.reported == 2);
    CHECK(r.llm_turns.assumed == 1);
    CHECK(r.llm_turns.limit == 10);
    CHECK(r.correlation_ids == names{"c1"});
    REQUIRE(r.server_tools.size() == 2);
    CHECK(r.server_tools[0].call_id == "s");
    CHECK(r.server_tools[0].value == json::parse(R"({"q":1})"));
    CHECK(r.server_tools[1].name == "find");
}

TEST_CASE("The deferred calls are in the body byte for byte")
{
    driver d;
    d.turn(handoff_answer(two_pending, R"(,"deferred":)" + deferred));
    const auto request = test::next_request(d.machine);
    REQUIRE(request);
    const std::string body = dedalus::codec::encode_chat_request(*request, false, dedalus::dialect::dedalus);
    CHECK(body.find("\"deferred_calls\":" + deferred) != std::string::npos);
}

TEST_CASE("A tool result tells what happened to the call")
{
    driver d;
    d.turn(handoff_answer(two_pending));
    d.exchange(text_answer("x"));
    const dedalus::run_result r = d.result();
    REQUIRE(r.tool_results.size() == 2);
    const dedalus::tool_result& a = r.tool_results[0];
    CHECK(a.call_id == "a");
    CHECK(a.name == "tool");
    CHECK(a.arguments == json::parse(R"({"x":1})"));
    CHECK(a.outcome == tool_outcome::ok);
    CHECK(a.content == "a done");
    CHECK(a.turn == 1);
    CHECK(a.queued == at(1));
    CHECK(a.started == at(2));
    CHECK(a.finished == at(3));
    CHECK(r.tool_results[1].dependencies == names{"a"});
}

TEST_CASE("A tool sees the results of its dependencies: of this turn, of earlier ones, and of the server")
{
    driver d;
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])", R"(,"server_results":{"s":[1]})"));
    d.turn(handoff_answer(
        R"([{"id":"b","name":"tool","arguments":{}},
            {"id":"c","name":"tool","arguments":{},"dependencies":["a","b","s","t","nowhere","c"]}])",
        R"(,"server_results":{"t":null})"
    ));
    const auto& results = d.seen.at("c").dependency_results;
    REQUIRE(results.size() == 4);
    CHECK(results.at("a").value == json::value("a done"));
    CHECK(results.at("b").value == json::value("b done"));
    CHECK(results.at("s").value == json::parse("[1]"));
    CHECK(results.at("s").outcome == tool_outcome::ok);
    CHECK(results.at("t").value.is_null());
    CHECK(d.seen.at("b").dependency_results.empty());
}

TEST_CASE("Dependants of a failed call are skipped and told so, independent calls run")
{
    driver d;
    d.failing = {"a"};
    d.turn(handoff_answer(
        R"([{"id":"a","name":"tool","arguments":{}},{"id":"b","name":"tool","arguments":{},"dependencies":["a"]},
            {"id":"c","name":"tool","arguments":{},"dependencies":["b"]},{"id":"e","name":"tool","arguments":{}}])"
    ));
    CHECK(d.executed == names{"a", "e"});
    d.exchange(text_answer("x"));
    CHECK(tool_text(d.sent[1].messages, "a") == "Error: failed");
    CHECK(tool_text(d.sent[1].messages, "c").find("the call b (tool)") != std::string::npos);
    const dedalus::run_result r = d.result();
    CHECK(r.tool_results[1].outcome == tool_outcome::skipped_dependency);
    CHECK(r.tool_results[1].started == r.tool_results[1].finished);
    CHECK(r.phase == run_phase::completed);
}

TEST_CASE("Unknown tools and arguments that are no object are answered without running anything")
{
    driver d;
    d.turn(test::calls_answer({{"a", "nobody", "{}"}, {"b", "tool", "{"}, {"c", "tool", "{}"}}));
    CHECK(d.executed == names{"c"});
    d.exchange(text_answer("x"));
    CHECK(outline(d.sent[1].messages) == "user assistant(a,b,c) tool:a tool:b tool:c");
    const dedalus::run_result r = d.result();
    CHECK(r.tool_results[0].outcome == tool_outcome::unknown_tool);
    CHECK(r.tool_results[1].outcome == tool_outcome::invalid_arguments);
    CHECK(r.tool_results[1].arguments == json::value("{"));
}

TEST_CASE("A plain server is followed, and its members stay out of the requests when the extensions are off")
{
    core::run_settings s = settings();
    s.extensions = false;
    dedalus::chat_completion_request request = question();
    request.max_turns = 3;
    request.handoff_mode = true;
    request.correlation_id = "c";
    driver d(s, request);
    d.turn(test::calls_answer({{"a", "tool", "{}"}}));
    d.exchange(text_answer("x"));
    for (const dedalus::chat_completion_request& sent : d.sent) {
        CHECK_FALSE(sent.max_turns);
        CHECK_FALSE(sent.handoff_mode);
        CHECK_FALSE(sent.correlation_id);
        CHECK(sent.deferred_calls_raw.empty());
    }
    CHECK(outline(d.sent[1].messages) == "user assistant(a) tool:a");
    CHECK(d.result().llm_turns.limit == 10);
}

TEST_CASE("Ids that a plain server uses again are new calls, whether the call is another or not")
{
    driver d;
    d.turn(test::calls_answer({{"call_0", "tool", R"({"x":1})"}}));
    d.turn(test::calls_answer({{"call_0", "tool", R"({"x":2})"}}));
    CHECK(d.seen.at("call_0").key.occurrence == 1);
    d.turn(test::calls_answer({{"call_0", "tool", R"({"x":2})"}}));
    CHECK(d.seen.at("call_0").key.occurrence == 2);
    d.exchange(text_answer("x"));
    CHECK(d.executed == names{"call_0", "call_0", "call_0"});
    CHECK(
        outline(d.sent[3].messages) ==
        "user assistant(call_0) tool:call_0 assistant(call_0) tool:call_0 assistant(call_0) tool:call_0"
    );
    CHECK(d.result().tool_results.size() == 3);
}

TEST_CASE("A call that was skipped runs when it is asked for again")
{
    const std::string asked = R"([{"id":"a","name":"tool","arguments":{},"dependencies":["d"]}])";
    driver d;
    d.turn(handoff_answer(asked, R"(,"deferred":)" + deferred));
    CHECK(d.executed.empty());
    d.turn(handoff_answer(asked, R"(,"server_results":{"d":1})"));
    CHECK(d.executed == names{"a"});
    d.exchange(text_answer("x"));
    const dedalus::run_result r = d.result();
    REQUIRE(r.tool_results.size() == 2);
    CHECK(r.tool_results[0].outcome == tool_outcome::skipped_dependency);
    CHECK(r.tool_results[1].content == "a done");
}

TEST_CASE("Server results go into tool messages byte for byte, also when they come late")
{
    const std::string calls = R"({"role":"assistant","content":null,"tool_calls":[
        {"id":"s","type":"function","function":{"name":"find","arguments":"{}"}},
        {"id":"d","type":"function","function":{"name":"find","arguments":"{}"}}]})";
    driver d;
    d.exchange(choice_answer(
        calls, "tool_calls", R"(,"deferred":[{"id":"d","name":"find"}],"server_results":{"s":{ "n":1.0,"n":1e2 }})"
    ));
    d.run_calls();
    d.exchange(test::answer(R"({"choices":[],"server_results":{"d": [12345678901234567890123, "\/"] }})"));
    d.exchange(text_answer("x"));
    CHECK(tool_text(d.sent[1].messages, "s") == R"({ "n":1.0,"n":1e2 })");
    CHECK(tool_text(d.sent[2].messages, "d") == R"([12345678901234567890123, "\/"])");
}

TEST_CASE("A pending call that the message has under another id runs once")
{
    driver d;
    d.turn(choice_answer(
        R"({"role":"assistant","content":null,"tool_calls":[
            {"id":"call_9","type":"function","function":{"name":"tool","arguments":"{\"x\": 1}"}}]})",
        "tool_calls",
        R"(,"pending_tools":[{"id":"a","name":"tool","arguments":{"x":1}}])"
    ));
    CHECK(d.executed == names{"a"});
    d.exchange(text_answer("x"));
    CHECK(outline(d.sent[1].messages) == "user assistant(a) tool:a");
    CHECK(has_code(d.result().diagnostics, "call_under_other_id"));
}

TEST_CASE("An explicit null for handoff_mode is left to stand")
{
    dedalus::chat_completion_request request = question();
    request.extra["handoff_mode"] = nullptr;
    driver d(settings(), request);
    d.exchange(text_answer("x"));
    CHECK_FALSE(d.sent[0].handoff_mode);
    CHECK(
        dedalus::codec::encode_chat_request(d.sent[0], false, dedalus::dialect::dedalus)
            .find(R"("handoff_mode":null)") != std::string::npos
    );
}

TEST_CASE("Calls in the message that the server has answered get its results")
{
    driver d;
    dedalus::chat_completion answer = test::calls_answer({{"s", "find", "{}"}, {"a", "tool", "{}"}});
    answer.server_results = json::parse(R"({"s":{"q":1}})").as_object();
    d.turn(answer);
    d.exchange(text_answer("x"));
    CHECK(d.executed == names{"a"});
    CHECK(outline(d.sent[1].messages) == "user assistant(s,a) tool:s tool:a");
    CHECK(tool_text(d.sent[1].messages, "s") == R"({"q":1})");
}

TEST_CASE("A deferred call of the message stays unanswered until its result comes, at its place")
{
    const std::string message = R"({"role":"assistant","content":null,"tool_calls":[
        {"id":"d","type":"function","function":{"name":"invoice","arguments":"{}"}},
        {"id":"a","type":"function","function":{"name":"tool","arguments":"{}"}}]})";
    driver d;
    d.turn(choice_answer(
        message,
        "tool_calls",
        R"(,"pending_tools":[{"id":"a","name":"tool","arguments":{}}],"deferred":[{"id":"d","name":"invoice"}])"
    ));
    d.turn(handoff_answer(R"([{"id":"b","name":"tool","arguments":{}}])", R"(,"server_results":{"d":"sent"})"));
    d.exchange(text_answer("x"));
    CHECK(outline(d.sent[1].messages) == "user assistant(d,a) tool:a");
    CHECK(outline(d.sent[2].messages) == "user assistant(d,a) tool:d tool:a assistant(b) tool:b");
    CHECK(tool_text(d.sent[2].messages, "d") == "sent");
    CHECK(d.sent[2].deferred_calls_raw.empty());
    CHECK(d.result().phase == run_phase::completed);
}

TEST_CASE("Pending calls run whatever the finish reason says, because their arguments arrived parsed")
{
    driver d;
    d.turn(choice_answer(
        R"({"role":"assistant","content":"x"})",
        "length",
        R"(,"pending_tools":[{"id":"a","name":"tool","arguments":{}}])"
    ));
    CHECK(d.executed == names{"a"});
}

TEST_CASE("A forced tool is forced until it was called once")
{
    dedalus::chat_completion_request request = question();
    request.tool_choice =
        json::value_to<dedalus::tool_choice>(json::parse(R"({"type":"function","function":{"name":"other"}})"));
    driver d(settings(), request);
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])"));
    d.turn(handoff_answer(R"([{"id":"b","name":"other","arguments":{}}])"));
    d.exchange(text_answer("x"));
    CHECK(d.sent[0].tool_choice.has_value());
    CHECK(d.sent[1].tool_choice.has_value());
    CHECK_FALSE(d.sent[2].tool_choice.has_value());
}

TEST_CASE("A tool choice that forces nothing stays")
{
    dedalus::chat_completion_request request = question();
    request.tool_choice = dedalus::tool_choice_mode(dedalus::tool_choice_mode::auto_);
    driver d(settings(), request);
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])"));
    d.exchange(text_answer("x"));
    CHECK(d.sent[1].tool_choice.has_value());
}

TEST_CASE("Usage is summed, and a gap in it is told")
{
    const std::string usage = R"(,"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3})";
    driver d;
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])", usage));
    d.exchange(choice_answer(R"({"role":"assistant","content":"x"})", "stop", usage));
    dedalus::run_result r = d.result();
    REQUIRE(r.usage);
    CHECK(r.usage->total_tokens == 6);
    CHECK_FALSE(r.usage_incomplete);

    driver gap;
    gap.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])", usage));
    gap.exchange(text_answer("x"));
    CHECK(gap.result().usage_incomplete);
    CHECK(gap.result().usage->total_tokens == 3);
}

TEST_CASE("What support needs is collected: request ids, correlation ids, and notes")
{
    dedalus::chat_completion first = handoff_answer(
        R"([{"id":"a","name":"tool","arguments":{}}])",
        R"(,"correlation_id":"c1","mcp_server_errors":{"acme":{"message":"down"}},
           "deferred":[{"id":"d","name":"x","venue":"client"}],
           "mcp_tool_results":[{"tool_name":"map","server_name":"x","arguments":{"at":1},"is_error":true,"result":7,
                                "duration_ms":12}])"
    );
    first.info.request_id = "r1";
    first.choices.push_back(first.choices[0]);
    driver d;
    d.turn(first);
    dedalus::chat_completion last = text_answer("x");
    last.correlation_id = "c1";
    d.exchange(last);
    const dedalus::run_result r = d.result();
    CHECK(r.request_ids == names{"r1"});
    CHECK(r.correlation_ids == names{"c1"});
    CHECK(has_code(r.diagnostics, "mcp_server_error"));
    CHECK(has_code(r.diagnostics, "deferred_venue"));
    CHECK(has_code(r.diagnostics, "extra_choices"));
    REQUIRE(r.server_tools.size() == 1);
    CHECK(r.server_tools[0].name == "map");
    CHECK(r.server_tools[0].value == json::value(7));
    CHECK(r.server_tools[0].source == dedalus::server_tool_source::mcp_tool_results);
    CHECK(r.server_tools[0].server == "x");
    CHECK(r.server_tools[0].arguments == json::object{{"at", 1}});
    CHECK(r.server_tools[0].is_error);
    CHECK(r.server_tools[0].duration == std::chrono::milliseconds(12));
    CHECK(r.last_completion.text() == "x");
}

TEST_CASE("Diagnostics are bounded")
{
    std::string dependencies;
    for (int i = 0; i < 300; ++i)
        dependencies += (i > 0 ? ",\"x" : "\"x") + std::to_string(i) + '"';
    driver d;
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{},"dependencies":[)" + dependencies + "]}]"));
    d.exchange(text_answer("x"));
    CHECK(d.executed == names{"a"});
    CHECK(d.result().diagnostics.size() == 100);
}

TEST_CASE("A call is finished once, whatever is told later")
{
    driver d;
    d.exchange(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}},{"id":"b","name":"tool","arguments":{}}])"));
    const std::vector<core::ready_call> ready = d.machine.start_ready(at(5));
    REQUIRE(ready.size() == 2);
    d.machine.finish(ready[0].key, core::result_end("first", 100), at(6), at(7));
    d.machine.finish(ready[0].key, core::result_end("second", 100), at(8), at(9));
    CHECK(d.machine.calls_open());
    CHECK(d.machine.result().tool_results[0].content == "first");
    d.machine.finish(ready[1].key, core::result_end("x", 100), at(8), at(9));
    CHECK_FALSE(d.machine.calls_open());
    CHECK(d.machine.result().tool_results[1].started == at(8));
}

}  // namespace run_machine_test
