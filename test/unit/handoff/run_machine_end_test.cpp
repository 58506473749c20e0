#include "handoff/check_request.hpp"
#include "handoff/run_machine.hpp"
#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"

#include <string>
#include <vector>

namespace run_machine_end_test {

namespace core = dedalus::handoff_core;
using dedalus::run_phase;
using dedalus::stop_reason;
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

TEST_CASE("A finished call that comes back is answered from the ledger, and the second repetition is no progress")
{
    driver d;
    const dedalus::chat_completion again = handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])");
    d.turn(again);
    d.turn(again);
    CHECK(d.executed == names{"a"});
    CHECK(tool_text(d.sent[1].messages, "a") == "a done");
    d.turn(again);
    const dedalus::run_result r = d.result();
    CHECK(d.executed == names{"a"});
    CHECK(r.phase == run_phase::failed);
    CHECK(r.stop_reason == stop_reason::no_progress);
    CHECK(has_code(r.diagnostics, "no_progress"));
    CHECK(r.tool_results.size() == 1);
}

TEST_CASE("New calls beside repeated ones are progress")
{
    driver d;
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])"));
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])"));
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}},{"id":"b","name":"tool","arguments":{}}])"));
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])"));
    d.exchange(text_answer("x"));
    CHECK(d.executed == names{"a", "b"});
    CHECK(d.result().phase == run_phase::completed);
}

TEST_CASE("A server that only waits is asked once more, and then makes no progress")
{
    const dedalus::chat_completion waiting =
        choice_answer(R"({"role":"assistant","content":null})", "stop", R"(,"deferred":)" + deferred);
    driver d;
    d.exchange(waiting);
    d.exchange(waiting);
    CHECK(d.sent[1].deferred_calls_raw == deferred);
    CHECK(d.result().stop_reason == stop_reason::no_progress);

    driver other;
    other.exchange(waiting);
    other.exchange(text_answer("x"));
    CHECK(other.result().phase == run_phase::completed);
}

TEST_CASE("Calls that the server ran itself, and nothing else, are asked about once more")
{
    dedalus::chat_completion all_server = test::calls_answer({{"s", "find", "{}"}});
    all_server.tools_executed = {"find"};
    driver d;
    d.exchange(all_server);
    d.exchange(all_server);
    CHECK(outline(d.sent[1].messages) == "user");
    const dedalus::run_result r = d.result();
    CHECK(r.stop_reason == stop_reason::no_progress);
    CHECK(has_code(r.diagnostics, "server_call_seen"));
    CHECK(r.tool_results.empty());
}

TEST_CASE("Foreign calls beside a final text end the run without answers of ours")
{
    driver d;
    d.exchange(choice_answer(
        R"({"role":"assistant","content":"Found.","tool_calls":[{"id":"s","type":"function",
            "function":{"name":"find","arguments":"{}"}}]})",
        "stop"
    ));
    const dedalus::run_result r = d.result();
    CHECK(r.stop_reason == stop_reason::final);
    CHECK(r.final_text == "Found.");
    CHECK(has_code(r.diagnostics, "server_call_seen"));
    REQUIRE(r.server_tools.size() == 1);
    CHECK(r.server_tools[0].call_id == "s");
    CHECK(r.server_tools[0].name == "find");
    CHECK(outline(r.messages) == "user assistant");
    CHECK(r.tool_results.empty());
}

TEST_CASE("Nothing runs when the answer was cut by the token limit")
{
    dedalus::chat_completion cut = test::calls_answer({{"a", "tool", R"({"x":)"}});
    cut.choices[0].finish_reason = dedalus::finish_reason::length;
    cut.choices[0].message.content = "I will";
    driver d;
    d.turn(cut);
    const dedalus::run_result r = d.result();
    CHECK(d.executed.empty());
    CHECK(r.phase == run_phase::completed);
    CHECK(r.stop_reason == stop_reason::length);
    CHECK(r.final_text == "I will");
    CHECK(outline(r.messages) == "user assistant");
}

TEST_CASE("Withheld content, refusals, legacy calls and empty answers are told apart")
{
    driver filtered;
    filtered.exchange(choice_answer(R"({"role":"assistant","content":"par"})", "content_filter"));
    CHECK(filtered.result().stop_reason == stop_reason::content_filter);

    driver refused;
    refused.exchange(choice_answer(R"({"role":"assistant","content":null,"refusal":"I cannot."})", "stop"));
    CHECK(refused.result().stop_reason == stop_reason::refusal);
    CHECK(refused.result().phase == run_phase::completed);

    driver legacy;
    legacy.exchange(choice_answer(
        R"({"role":"assistant","content":null,"function_call":{"name":"x","arguments":"{}"}})", "function_call"
    ));
    CHECK(legacy.result().stop_reason == stop_reason::unsupported);
    CHECK(legacy.result().phase == run_phase::failed);
    CHECK(outline(legacy.result().messages) == "user");

    driver empty;
    empty.exchange(choice_answer(R"({"role":"assistant","content":""})", "stop"));
    CHECK(empty.result().stop_reason == stop_reason::final);
    CHECK(has_code(empty.result().diagnostics, "empty_answer"));
}

TEST_CASE("An answer with nothing in it is asked for once more")
{
    driver d;
    d.exchange(test::answer("{}"));
    d.exchange(text_answer("x"));
    CHECK(d.result().phase == run_phase::completed);
    CHECK(d.result().turns_used == 1);

    driver other;
    other.exchange(test::answer("{}"));
    other.exchange(test::answer("{}"));
    CHECK(other.result().stop_reason == stop_reason::protocol_error);
    CHECK(other.result().phase == run_phase::failed);
}

TEST_CASE("Handoff members without a choice are taken over, and asked about once more")
{
    dedalus::chat_completion waiting = test::answer(
        R"({"choices":[],"server_results":{"s":[1.0]},"correlation_id":"c1",
            "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})"
    );
    waiting.info.request_id = "req_1";
    driver d;
    d.exchange(waiting);
    d.exchange(text_answer("x"));
    CHECK(d.sent[1].correlation_id == "c1");
    const dedalus::run_result r = d.result();
    CHECK(r.phase == run_phase::completed);
    CHECK(r.turns_used == 2);
    REQUIRE(r.usage);
    CHECK(r.usage->total_tokens == 3);
    CHECK(r.request_ids == names{"req_1"});
    REQUIRE(r.server_tools.size() == 1);
    CHECK(r.server_tools[0].call_id == "s");

    driver other;
    other.exchange(waiting);
    other.exchange(waiting);
    CHECK(other.result().stop_reason == stop_reason::no_progress);
}

TEST_CASE("A refusal has its words for a text when it has no other")
{
    driver parts;
    parts.exchange(choice_answer(R"({"role":"assistant","content":[{"type":"refusal","refusal":"I cannot."}]})", "stop")
    );
    CHECK(parts.result().stop_reason == stop_reason::refusal);
    CHECK(parts.result().final_text == "I cannot.");
    CHECK(outline(parts.result().messages) == "user assistant");

    driver both;
    both.exchange(choice_answer(
        R"({"role":"assistant","content":[{"type":"text","text":"Well."},{"type":"refusal","refusal":"No."}]})", "stop"
    ));
    CHECK(both.result().stop_reason == stop_reason::refusal);
    CHECK(both.result().final_text == "Well.");
}

TEST_CASE("A run that is stopped has the results of its calls, and none of them is open")
{
    driver d;
    d.exchange(handoff_answer(
        R"([{"id":"a","name":"tool","arguments":{}},{"id":"b","name":"tool","arguments":{}},
            {"id":"c","name":"tool","arguments":{},"dependencies":["b"]}])"
    ));
    const auto ready = d.machine.start_ready(test::at(2));
    REQUIRE(ready.size() == 2);
    d.machine.finish(ready[0].key, core::result_end("done", 1000), test::at(2), test::at(3));
    d.machine.stop(stop_reason::cancelled, test::at(4));
    const dedalus::run_result r = d.result();
    CHECK(r.phase == run_phase::failed);
    CHECK(r.stop_reason == stop_reason::cancelled);
    REQUIRE(r.tool_results.size() == 3);
    CHECK(r.tool_results[0].outcome == dedalus::tool_outcome::ok);
    CHECK(r.tool_results[1].outcome == dedalus::tool_outcome::unknown_outcome);
    CHECK(r.tool_results[2].outcome == dedalus::tool_outcome::cancelled);
    REQUIRE(r.unknown_outcomes.size() == 1);
    CHECK(r.unknown_outcomes[0].call_id == "b");
    CHECK(r.tool_results[2].started == r.tool_results[2].finished);
    CHECK(outline(r.messages) == "user assistant(a,b,c) tool:a tool:b tool:c");
    CHECK(tool_text(r.messages, "a") == "done");
}

TEST_CASE("Contradictory calls fail the run before any of them starts")
{
    const std::string calls = GENERATE(
        R"([{"id":"b","name":"tool","arguments":{}},{"id":"a","name":"tool","arguments":{"x":1}},
            {"id":"a","name":"tool","arguments":{"x":2}}])",
        R"([{"id":"b","name":"tool","arguments":{}},{"id":"","name":"tool","arguments":{}}])"
    );
    driver d;
    d.turn(handoff_answer(calls));
    const dedalus::run_result r = d.result();
    CHECK(d.executed.empty());
    CHECK(r.stop_reason == stop_reason::protocol_error);
    CHECK(has_code(r.diagnostics, "protocol_error"));
    CHECK(r.tool_results.empty());
}

TEST_CASE("The turn limit ends the run, after the calls of the last answer")
{
    driver d(settings(2));
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])"));
    d.turn(handoff_answer(R"([{"id":"b","name":"tool","arguments":{}}])"));
    const dedalus::run_result r = d.result();
    CHECK(d.sent[0].max_turns == 2);
    CHECK(d.sent[1].max_turns == 1);
    CHECK(d.executed == names{"a", "b"});
    CHECK(r.phase == run_phase::budget_exhausted);
    CHECK(r.stop_reason == stop_reason::budget);
    CHECK(outline(r.messages) == "user assistant(a) tool:a assistant(b) tool:b");
    CHECK(r.llm_turns.spent() == 2);
}

TEST_CASE("A server that uses more turns than allowed ends the run at once when the limit is passed")
{
    driver d(settings(2));
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])", R"(,"turns_consumed":5)"));
    const dedalus::run_result r = d.result();
    CHECK(d.executed.empty());
    CHECK(r.phase == run_phase::budget_exhausted);
    CHECK(r.llm_turns.reported == 5);
    CHECK(has_code(r.diagnostics, "turns_over_reservation"));
    CHECK(outline(r.messages) == "user");
}

TEST_CASE("max_turns of the request bounds what each request may use")
{
    dedalus::chat_completion_request request = question();
    request.max_turns = 2;
    driver d(settings(3), request);
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])", R"(,"turns_consumed":2)"));
    d.exchange(text_answer("x"));
    CHECK(d.sent[0].max_turns == 2);
    CHECK(d.sent[1].max_turns == 1);
}

TEST_CASE("A lost session is replaced step by step, and the budget is not charged for the refusals")
{
    const std::string message = R"({"role":"assistant","content":null,"tool_calls":[
        {"id":"d","type":"function","function":{"name":"invoice","arguments":"{}"}},
        {"id":"a","type":"function","function":{"name":"tool","arguments":"{}"}}]})";
    driver d;
    d.turn(choice_answer(
        message,
        "tool_calls",
        R"(,"pending_tools":[{"id":"a","name":"tool","arguments":{}}],"correlation_id":"c1","deferred":)" + deferred
    ));
    const dedalus::api_error lost = test::refusal(404, "no such session");
    const auto first = test::next_request(d.machine);
    CHECK(d.machine.on_error(lost));
    const auto second = test::next_request(d.machine);
    CHECK(d.machine.on_error(lost));
    const auto third = test::next_request(d.machine);
    REQUIRE((first && second && third));

    CHECK(first->correlation_id == "c1");
    CHECK_FALSE(second->correlation_id);
    CHECK_FALSE(third->correlation_id);
    CHECK(first->deferred_calls_raw == deferred);
    CHECK(second->deferred_calls_raw == deferred);
    CHECK(third->deferred_calls_raw.empty());
    CHECK(second->handoff_mode == true);
    CHECK(third->handoff_mode == false);
    CHECK(outline(second->messages) == "user assistant(d,a) tool:a");
    CHECK(outline(third->messages) == "user assistant(a) tool:a");
    CHECK(third->max_turns == 9);

    d.machine.on_answer(text_answer("x"), at(9));
    const dedalus::run_result r = d.result();
    CHECK(r.phase == run_phase::completed);
    CHECK(has_code(r.diagnostics, "session_lost"));
    CHECK(r.llm_turns.spent() == 2);
}

TEST_CASE("Errors about other things are not retried by the loop, and unknown outcomes are charged")
{
    driver definite;
    definite.machine.begin_request();
    CHECK_FALSE(definite.machine.on_error(test::refusal(401, "no")));
    CHECK(definite.machine.result().llm_turns.spent() == 0);

    const int status = GENERATE(408, 500, 503);
    driver unknown;
    unknown.machine.begin_request();
    CHECK_FALSE(unknown.machine.on_error(test::refusal(status, "session")));
    CHECK(unknown.machine.result().llm_turns.charged_unknown == 10);
    CHECK(unknown.machine.result().usage_incomplete);

    driver cut;
    cut.machine.begin_request();
    cut.machine.on_unknown_outcome();
    CHECK(cut.machine.result().llm_turns.charged_unknown == 10);
}

TEST_CASE("An error of the authorization server ends the run without a charge and without another try")
{
    const int status = GENERATE(404, 500);
    driver d;
    d.machine.begin_request();
    dedalus::api_error_details details{.status = status, .server = "the MCP authorization server"};
    CHECK_FALSE(d.machine.on_error(dedalus::api_error(dedalus::errc::api, details)));
    CHECK(d.machine.result().llm_turns.spent() == 0);
    CHECK(d.machine.result().llm_turns.charged_unknown == 0);
}

TEST_CASE("Requests that cannot be run in a loop are refused")
{
    dedalus::chat_completion_request request = question();
    core::check_request(request);
    request.n = 1;
    core::check_request(request);

    request.n = 2;
    CHECK_THROWS_AS(core::check_request(request), dedalus::invalid_request_error);
    request.n.reset();
    request.deferred = true;
    CHECK_THROWS_AS(core::check_request(request), dedalus::invalid_request_error);
    request.deferred = false;
    core::check_request(request);
    request.max_turns = 0;
    CHECK_THROWS_AS(core::check_request(request), dedalus::invalid_request_error);
    request.max_turns.reset();
    request.messages_raw = "[]";
    CHECK_THROWS_AS(core::check_request(request), dedalus::invalid_request_error);
    request.messages_raw.clear();

    dedalus::tool_message stray;
    stray.tool_call_id = "a";
    request.messages.emplace_back(stray);
    CHECK_THROWS_AS(core::check_request(request), dedalus::invalid_request_error);
    request.messages.pop_back();

    request.messages.emplace_back(test::calls_answer({{"d", "tool", "{}"}}).choices[0].message);
    CHECK_THROWS_AS(core::check_request(request), dedalus::invalid_request_error);
    request.deferred_calls.emplace_back().id = "d";
    core::check_request(request);
}

TEST_CASE("Members of extra that would take the place of what the loop sets are refused by name")
{
    const std::string name = GENERATE(
        "messages",
        "n",
        "max_turns",
        "tool_choice",
        "tools",
        "correlation_id",
        "deferred_calls",
        "handoff_mode",
        "stream"
    );
    dedalus::chat_completion_request request = question();
    request.extra[name] = 1;
    CHECK_THROWS_WITH(core::check_request(request), Catch::Contains(name));
    CHECK_THROWS_AS(core::check_request(request), dedalus::invalid_request_error);
    request.extra[name] = nullptr;
    CHECK_NOTHROW(core::check_request(request));
}

}  // namespace run_machine_end_test
