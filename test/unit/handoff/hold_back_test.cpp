#include <dedalus/handoff/scheduling_rules.hpp>
#include <dedalus/json.hpp>

#include "support/catch.hpp"
#include "support/durable_scene.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace hold_back_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using dedalus::deferred_dependency_rule;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using test::codes;
using test::driver;
using test::durable_scene;
using test::handoff_answer;
using test::has_code;
using test::names;
using test::outline;
using test::text_answer;

namespace {

core::run_settings holding_back()
{
    core::run_settings settings = test::settings();
    settings.rules.of_run.deferred_dependency = deferred_dependency_rule::hold_back;
    settings.profile.partial_answers = true;
    return settings;
}

const std::string call_a = R"({"id":"a","name":"tool","arguments":{"x":1}})";
const std::string call_h = R"({"id":"h","name":"other","arguments":{},"dependencies":["d"]})";
const std::string call_g = R"({"id":"g","name":"tool","arguments":{},"dependencies":["h"]})";
const std::string deferred_d = R"(,"deferred":[{"id":"d","name":"find","blocked_by":["a"]}])";

driver held_run()
{
    driver d(holding_back());
    d.held_back = {"h", "g"};
    return d;
}

}  // namespace

TEST_CASE("A call that is held back has no answer until the server asks for it again, and runs then")
{
    driver d = held_run();
    d.turn(handoff_answer("[" + call_a + "," + call_h + "," + call_g + "]", deferred_d));
    CHECK(d.executed == names{"a"});
    CHECK(codes(d.machine.result().diagnostics) == names{"call_held_back", "call_held_back"});
    REQUIRE(d.machine.result().tool_results.size() == 1);

    d.turn(handoff_answer("[" + call_h + "," + call_g + "]", R"(,"server_results":{"d":"found"})"));
    CHECK(outline(d.sent.at(1).messages) == "user assistant(a,h,g) tool:a");
    CHECK(d.executed == names{"a", "h", "g"});
    CHECK(d.seen.at("h").dependency_results.at("d").text == "found");

    d.exchange(text_answer("Done."));
    CHECK(outline(d.sent.at(2).messages) == "user assistant(a) tool:a assistant(h,g) tool:h tool:g");
    const dedalus::run_result r = d.result();
    CHECK(r.phase == run_phase::completed);
    CHECK(r.tool_results.size() == 3);
    CHECK(outline(r.messages) == "user assistant(a) tool:a assistant(h,g) tool:h tool:g assistant");
}

TEST_CASE("A call that was held back and is not asked for again leaves no trace in the messages")
{
    driver d = held_run();
    d.turn(handoff_answer("[" + call_a + "," + call_h + "]", deferred_d));
    d.exchange(text_answer("Done."));
    CHECK(outline(d.result().messages) == "user assistant(a) tool:a assistant");
}

TEST_CASE("A server that asks again and again for nothing but calls that are held back makes no progress")
{
    driver d = held_run();
    d.turn(handoff_answer("[" + call_a + "," + call_h + "]", deferred_d));
    d.exchange(handoff_answer("[" + call_h + "]", deferred_d));
    d.exchange(handoff_answer("[" + call_h + "]", deferred_d));
    const dedalus::run_result r = d.result();
    CHECK(r.phase == run_phase::failed);
    CHECK(r.stop_reason == stop_reason::no_progress);
    CHECK(d.sent.size() == 3);
    CHECK(outline(d.sent.at(2).messages) == "user assistant(a) tool:a assistant(h)");
}

TEST_CASE("Answered calls that come back beside one that is held back are no progress the second time")
{
    driver d = held_run();
    const std::string both = "[" + call_a + "," + call_h + "]";
    d.turn(handoff_answer(both, deferred_d));
    d.turn(handoff_answer(both, deferred_d));
    d.exchange(handoff_answer(both, deferred_d));
    CHECK(d.result().stop_reason == stop_reason::no_progress);
    CHECK(d.executed == names{"a"});
}

TEST_CASE("A call and a deferred call that wait for each other: holding the call back cannot help, so it is skipped")
{
    driver d = held_run();
    d.turn(handoff_answer(
        "[" + call_h + "," + call_g + "]", R"(,"deferred":[{"id":"d","name":"find","blocked_by":["h"]}])"
    ));
    d.exchange(text_answer("Done."));
    CHECK(d.executed.empty());
    const dedalus::run_result r = d.result();
    REQUIRE(r.tool_results.size() == 2);
    CHECK(r.tool_results[0].outcome == tool_outcome::skipped_dependency);
    CHECK(r.tool_results[1].outcome == tool_outcome::skipped_dependency);
    CHECK(has_code(r.diagnostics, "cross_venue_cycle"));
}

TEST_CASE("A call that cannot run is told so at once, although what it depends on is held back")
{
    driver d = held_run();
    d.turn(handoff_answer(
        "[" + call_h + R"(,{"id":"u","name":"missing","arguments":{},"dependencies":["h","d"]}])", deferred_d
    ));
    d.exchange(text_answer("Done."));
    CHECK(outline(d.sent.at(1).messages) == "user assistant(h,u) tool:u");
}

TEST_CASE("The calls of a cycle go on without the one that is held back")
{
    driver d = held_run();
    d.turn(handoff_answer(
        R"([{"id":"x","name":"tool","arguments":{},"dependencies":["z"]},
            {"id":"h","name":"tool","arguments":{},"dependencies":["x","d"]},
            {"id":"z","name":"tool","arguments":{},"dependencies":["h"]}])",
        deferred_d
    ));
    CHECK(d.executed == names{"x", "z"});
}

TEST_CASE("A forced tool was used when its call is held back")
{
    dedalus::chat_completion_request request = test::question();
    request.tool_choice =
        json::value_to<dedalus::tool_choice>(json::parse(R"({"type":"function","function":{"name":"other"}})"));
    driver d(holding_back(), request);
    d.held_back = {"h"};
    d.turn(handoff_answer("[" + call_h + "]", deferred_d));
    d.exchange(text_answer("Done."));
    CHECK(d.sent.at(0).tool_choice == request.tool_choice);
    CHECK(d.sent.at(1).tool_choice != request.tool_choice);
}

TEST_CASE("When the server cannot resume, the calls that were held back are not in the messages any more")
{
    driver d = held_run();
    d.turn(handoff_answer("[" + call_a + "," + call_h + "]", deferred_d));
    REQUIRE(d.machine.begin_request());
    CHECK(d.machine.on_error(test::refusal(404, "no such session")));
    const auto again = test::next_request(d.machine);
    REQUIRE(again);
    CHECK(outline(again->messages) == "user assistant(a) tool:a");
}

TEST_CASE("A call that is held back is held back after a crash, too, and has no record in the store")
{
    durable_scene s;
    s.definition.rules.of_run.deferred_dependency = deferred_dependency_rule::hold_back;
    s.definition.profile.partial_answers = true;
    s.add("tool", {.effect = tool_effect::keyed});
    s.add("other", {.effect = tool_effect::keyed});
    s.says(test::asks("[" + call_a + "," + call_h + "]", deferred_d));
    // Create, acquire, intent, answer, start and end of `a`, and here the end.
    s.store->arm(dedalus::store_failpoint::before_commit, 7, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    s.definition.rules = {};
    s.definition.profile = {};

    s.says(test::asks("[" + call_h + "]", R"(,"server_results":{"d":1})"));
    s.says(test::ends());
    const dedalus::run_result r = s.run();
    CHECK(r.phase == run_phase::completed);
    CHECK(outline(s.sent.at(1).messages) == "user assistant(a,h) tool:a");
    CHECK(s.log == names{"a", "h"});
    CHECK(s.stored().calls.size() == 4);
}

}  // namespace hold_back_test
