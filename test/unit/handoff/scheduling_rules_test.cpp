#include <dedalus/handoff/scheduling_rules.hpp>

#include "handoff/run_machine.hpp"
#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"

#include <functional>
#include <string>
#include <vector>

namespace scheduling_rules_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using dedalus::bad_call_rule;
using dedalus::cycle_rule;
using dedalus::deferred_dependency_rule;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_outcome;
using dedalus::unknown_dependency_rule;
using test::codes;
using test::driver;
using test::handoff_answer;
using test::has_code;
using test::names;
using test::outline;
using test::text_answer;
using test::tool_text;

namespace {

core::run_settings with_rules(dedalus::scheduling_rules rules)
{
    core::run_settings settings = test::settings();
    settings.rules.of_run = rules;
    return settings;
}

const dedalus::tool_result& result_of(const dedalus::run_result& r, const std::string& id)
{
    for (const dedalus::tool_result& each : r.tool_results) {
        if (each.call_id == id)
            return each;
    }
    FAIL("no result of " << id);
    return r.tool_results.front();
}

/// Of a failed run: before any call was started.
void check_fatal(driver& d)
{
    CHECK_FALSE(d.machine.calls_open());
    const dedalus::run_result r = d.result();
    CHECK(d.executed.empty());
    CHECK(r.phase == run_phase::failed);
    CHECK(r.stop_reason == stop_reason::tool_fatal);
    CHECK(has_code(r.diagnostics, "tool_fatal"));
    CHECK(result_of(r, "b").outcome == tool_outcome::cancelled);
    CHECK(outline(r.messages) == "user assistant(a,b) tool:a tool:b");
}

}  // namespace

TEST_CASE("A call that runs anyway sees how the calls ended that it depends on, and what the model is told of them")
{
    core::run_settings settings = test::settings();
    settings.rules.run_anyway.insert("other");
    driver d(settings);
    d.failing.insert("a");
    d.turn(handoff_answer(
        R"([{"id":"a","name":"tool","arguments":{}},{"id":"b","name":"tool","arguments":{},"dependencies":["a"]},
            {"id":"u","name":"missing","arguments":{}},
            {"id":"c","name":"other","arguments":{},"dependencies":["a","b","u","s"]}])",
        R"(,"server_results":{"s":{"n":1}})"
    ));
    CHECK(d.executed == names{"a", "c"});
    const auto& results = d.seen.at("c").dependency_results;
    REQUIRE(results.size() == 4);
    CHECK(results.at("a").outcome == tool_outcome::error);
    CHECK(results.at("a").text == "Error: failed");
    CHECK(results.at("a").value.is_null());
    CHECK(results.at("b").outcome == tool_outcome::skipped_dependency);
    CHECK(results.at("u").outcome == tool_outcome::unknown_tool);
    CHECK(results.at("s").outcome == tool_outcome::ok);
    CHECK(results.at("s").text == R"({"n":1})");
    d.exchange(text_answer("Done."));
    CHECK(result_of(d.result(), "c").outcome == tool_outcome::ok);
}

TEST_CASE("A dependency on an unknown id can end its call, and the calls that need it")
{
    driver d(with_rules({.unknown_dependency = unknown_dependency_rule::fail_call}));
    d.turn(handoff_answer(
        R"([{"id":"a","name":"tool","arguments":{},"dependencies":["nowhere"]},
            {"id":"b","name":"tool","arguments":{},"dependencies":["a"]},{"id":"c","name":"tool","arguments":{}}])"
    ));
    CHECK(d.executed == names{"c"});
    d.exchange(text_answer("Done."));
    const dedalus::run_result r = d.result();
    CHECK(result_of(r, "a").outcome == tool_outcome::skipped_dependency);
    CHECK(result_of(r, "a").content.find("nowhere") != std::string::npos);
    CHECK(result_of(r, "b").outcome == tool_outcome::skipped_dependency);
    CHECK(has_code(r.diagnostics, "unknown_dependency"));
}

TEST_CASE("A call that was ended for an unknown dependency is planned anew when it comes back")
{
    driver d(with_rules({.unknown_dependency = unknown_dependency_rule::fail_call}));
    const std::string pending = R"([{"id":"a","name":"tool","arguments":{},"dependencies":["s"]}])";
    d.turn(handoff_answer(pending));
    CHECK(d.executed.empty());
    d.turn(handoff_answer(pending, R"(,"server_results":{"s":1})"));
    CHECK(d.executed == names{"a"});
}

TEST_CASE("A dependency on an unknown id can end the run before any call starts")
{
    driver d(with_rules({.unknown_dependency = unknown_dependency_rule::fail_run}));
    d.exchange(handoff_answer(
        R"([{"id":"a","name":"tool","arguments":{},"dependencies":["nowhere"]},
            {"id":"b","name":"tool","arguments":{}}])"
    ));
    check_fatal(d);
}

TEST_CASE("The calls of a cycle can be ended, what needs them is skipped, and the rest runs")
{
    driver d(with_rules({.cycle = cycle_rule::fail_component}));
    d.turn(handoff_answer(
        R"([{"id":"a","name":"tool","arguments":{},"dependencies":["b"]},
            {"id":"b","name":"tool","arguments":{},"dependencies":["a"]},
            {"id":"c","name":"tool","arguments":{},"dependencies":["b"]},{"id":"e","name":"tool","arguments":{}}])"
    ));
    CHECK(d.executed == names{"e"});
    d.exchange(text_answer("Done."));
    const dedalus::run_result r = d.result();
    for (const std::string id : {"a", "b"}) {
        CHECK(result_of(r, id).outcome == tool_outcome::skipped_dependency);
        CHECK(result_of(r, id).content.find("a, b") != std::string::npos);
    }
    CHECK(result_of(r, "c").content.find("b (tool)") != std::string::npos);
    CHECK(has_code(r.diagnostics, "dependency_cycle"));
}

TEST_CASE("A dependency on a deferred call can be ignored")
{
    driver d(with_rules({.deferred_dependency = deferred_dependency_rule::ignore}));
    d.turn(handoff_answer(
        R"([{"id":"a","name":"tool","arguments":{},"dependencies":["d"]}])", R"(,"deferred":)" + test::deferred
    ));
    CHECK(d.executed == names{"a"});
}

TEST_CASE("A call of an unknown tool can end the run before any call starts")
{
    driver d(with_rules({.unknown_tool = bad_call_rule::fail_run}));
    d.exchange(handoff_answer(R"([{"id":"a","name":"missing","arguments":{}},{"id":"b","name":"tool","arguments":{}}])")
    );
    check_fatal(d);
    CHECK(result_of(d.machine.result(), "a").outcome == tool_outcome::unknown_tool);
}

TEST_CASE("Arguments that are no object, or do not fit the tool, can end the run before any call starts")
{
    core::run_settings settings = with_rules({.invalid_arguments = bad_call_rule::fail_run});
    const bool fits_not = GENERATE(false, true);
    settings.check = [](const std::string&, const json::object& arguments) {
        return std::string(arguments.contains("bad") ? "$.bad: no" : "");
    };
    driver d(settings);
    d.exchange(test::calls_answer({{"a", "tool", fits_not ? R"({"bad":1})" : "{"}, {"b", "tool", "{}"}}));
    check_fatal(d);
    CHECK(result_of(d.machine.result(), "a").outcome == tool_outcome::invalid_arguments);
}

TEST_CASE("A call that ended before is not judged by the rules again")
{
    driver d(with_rules({.unknown_tool = bad_call_rule::fail_run}));
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}}])"));
    d.turn(handoff_answer(R"([{"id":"a","name":"tool","arguments":{}},{"id":"b","name":"tool","arguments":{}}])"));
    d.exchange(text_answer("Done."));
    CHECK(d.result().phase == run_phase::completed);
}

}  // namespace scheduling_rules_test
