#include <dedalus/stores/store_error.hpp>

#include "handoff/checkpoint_head.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace durable_scheduling_test {

namespace asio = boost::asio;
namespace core = dedalus::handoff_core;
namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::bad_call_rule;
using dedalus::cycle_rule;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using names = std::vector<std::string>;

namespace {

/// Ends the process when it has stored the answer.
void die_with_answer(durable_scene& s)
{
    // Create, acquire, intent, answer, and here the end.
    s.store->arm(dedalus::store_failpoint::before_commit, 5, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    CHECK(s.log.empty());
}

asio::awaitable<json::value> fails()
{
    throw std::runtime_error("no");
    co_return nullptr;
}

}  // namespace

TEST_CASE("A resumed run keeps the rules that it began with, whatever this process would do")
{
    durable_scene s;
    s.add("work", {.effect = tool_effect::keyed});
    s.definition.rules.of_run.cycle = cycle_rule::fail_component;
    s.says(asks(
        "[" + pending_call("a", "work", R"("b")") + "," + pending_call("b", "work", R"("a")") + "," +
        pending_call("c", "work") + "]"
    ));
    die_with_answer(s);
    s.definition.rules = {};
    s.says(ends());
    const dedalus::run_result r = s.run();
    CHECK(r.phase == run_phase::completed);
    CHECK(s.log == names{"c"});
    CHECK(r.tool_results.at(0).outcome == tool_outcome::skipped_dependency);
}

TEST_CASE("A resumed run knows which tools run anyway, and a crash after the failure does not change it")
{
    durable_scene s;
    s.add("work", {.effect = tool_effect::keyed}, [](json::object, dedalus::tool_context&) { return fails(); });
    s.add("undo", {.effect = tool_effect::keyed});
    s.definition.rules.run_anyway.insert("undo");
    s.says(asks("[" + pending_call("a", "work") + "," + pending_call("b", "undo", R"("a")") + "]"));
    // Create, acquire, intent, answer, start and end of `a`, and here the end.
    s.store->arm(dedalus::store_failpoint::before_commit, 7, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    s.definition.rules = {};
    s.says(ends());
    const dedalus::run_result r = s.run();
    CHECK(r.phase == run_phase::completed);
    CHECK(s.log == names{"b"});
    CHECK(r.tool_results.at(0).outcome == tool_outcome::error);
    CHECK(r.tool_results.at(1).outcome == tool_outcome::ok);
}

TEST_CASE("A run with rules of its own demands a reader that knows them, and one without demands nothing")
{
    durable_scene s;
    s.add("work", {.effect = tool_effect::keyed});
    const bool own = GENERATE(false, true);
    if (own)
        s.definition.rules.run_anyway.insert("work");
    s.says(ends());
    s.run();
    const names demands = core::decode_head(s.stored().head.bytes).must_understand;
    CHECK(demands == (own ? names{"scheduling"} : names{}));
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("A run that a bad call ended gives the same result again, and nothing of it runs")
{
    durable_scene s;
    s.definition.rules.of_run.invalid_arguments = bad_call_rule::fail_run;
    dedalus::function_definition function;
    s.add("work", {.effect = tool_effect::keyed});
    s.says(
        R"({"turns_consumed":1,"choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant",
            "tool_calls":[{"id":"a","type":"function","function":{"name":"work","arguments":"{"}},
            {"id":"b","type":"function","function":{"name":"work","arguments":"{}"}}]}}]})"
    );
    const dedalus::run_result first = s.run();
    const dedalus::run_result again = s.run();
    for (const dedalus::run_result& r : {first, again}) {
        CHECK(r.phase == run_phase::failed);
        CHECK(r.stop_reason == stop_reason::tool_fatal);
        REQUIRE(r.tool_results.size() == 2);
        CHECK(r.tool_results[0].outcome == tool_outcome::invalid_arguments);
        CHECK(r.tool_results[1].outcome == tool_outcome::cancelled);
        CHECK(test::outline(r.messages) == "user assistant(a,b) tool:a tool:b");
    }
    CHECK(s.log.empty());
    CHECK(s.sent.size() == 1);
}

}  // namespace durable_scheduling_test
