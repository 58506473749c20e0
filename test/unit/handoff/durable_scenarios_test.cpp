#include <dedalus/stores/store_error.hpp>

#include "handoff/checkpoint_head.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Failures of a run in a store, one at a time. docs/durability.md says which test covers which.

namespace durable_scenarios_test {

namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::store_failpoint;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using names = std::vector<std::string>;

namespace {

// Writes of a run: create, acquire, intent, answer, then the start and the ends of its calls.
constexpr std::size_t intent = 3;
constexpr std::size_t response = 4;
constexpr std::size_t first_end = 6;

/// Lets the process die at this write.
void die_at(durable_scene& s, store_failpoint where, std::size_t write)
{
    s.store->arm(where, write, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
}

const stores::log_entry& entry_of_kind(const stores::stored_run& run, std::string_view kind)
{
    const auto found = std::find_if(run.entries.begin(), run.entries.end(), [kind](const stores::log_entry& entry) {
        return entry.kind == kind;
    });
    REQUIRE(found != run.entries.end());
    return *found;
}

}  // namespace

TEST_CASE("A process that dies between the intent and the request costs the reservation, and the request is sent once")
{
    durable_scene s;
    die_at(s, store_failpoint::after_commit_before_ack, intent);
    CHECK(s.sent.empty());
    const stores::stored_run left = s.stored();
    CHECK(left.head.phase == run_phase::sending);
    const test::core::checkpoint_head head = test::core::decode_head(left.head.bytes);
    CHECK(head.budget.reserved == 2);

    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(s.sent.size() == 1);
    CHECK(s.keys.at(0) == head.attempt->request_key);
    CHECK(done.llm_turns.charged_unknown == 2);
    CHECK(done.unknown_outcomes.size() == 1);
    entry_of_kind(s.stored(), "send_unknown");
}

TEST_CASE("A request that was lost is sent again in the form it had, whoever goes on with the run")
{
    const bool streamed = GENERATE(true, false);
    boost::asio::io_context context;  // outlives the scene, which holds the events
    durable_scene s;
    const auto followed = std::make_shared<test::engine::run_event_queue>(context.get_executor(), 100);
    s.events = streamed ? followed : nullptr;
    s.says(ends());
    die_at(s, store_failpoint::before_commit, response);
    s.events = streamed ? nullptr : followed;
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    REQUIRE(s.bodies.size() == 2);
    CHECK((s.bodies[0].find(R"("stream":true)") != std::string::npos) == streamed);
    CHECK(s.bodies[0] == s.bodies[1]);
    CHECK(s.keys[0] == s.keys[1]);
}

TEST_CASE("A lost request that is not made as it was goes under another key, and the run says so")
{
    const bool other = GENERATE(true, false);
    durable_scene s;
    s.add("tool", {});
    s.definition.request.tool_choice = dedalus::tool_choice_mode(dedalus::tool_choice_mode::required);
    s.says(ends());
    die_at(s, store_failpoint::before_commit, response);
    if (other)
        s.dialect = dedalus::dialect::openai;
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK((s.keys.at(0) == s.keys.at(1)) == !other);
    CHECK(test::has_code(s.run().diagnostics, "body_changed") == other);
}

TEST_CASE("A lost request of which less can be reserved is another one, without a word")
{
    durable_scene s;
    s.definition.max_turns = 3;
    s.says(ends());
    die_at(s, store_failpoint::before_commit, response);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.sent.at(1).max_turns == 1);
    CHECK(s.keys.at(0) != s.keys.at(1));
    CHECK(s.run().diagnostics.empty());
}

TEST_CASE("A run that must not repeat requests is suspended by whoever takes it up after a crash")
{
    durable_scene s;
    s.on_unknown_send = dedalus::unknown_send_policy::suspend;
    s.says(ends());
    die_at(s, store_failpoint::before_commit, response);
    const dedalus::run_result waits = s.run();
    CHECK(waits.phase == run_phase::suspended);
    CHECK(waits.stop_reason == stop_reason::unknown_send_outcome);
    CHECK(waits.unknown_outcomes.size() == 1);
    CHECK(s.sent.size() == 1);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(done.llm_turns.charged_unknown == 2);
    CHECK(s.keys.at(0) == s.keys.at(1));
}

TEST_CASE("The start of a call says until when it may run, and its end says of which attempt it is")
{
    durable_scene s;
    const bool limited = GENERATE(true, false);
    s.add("act", {.effect = tool_effect::pure, .timeout = limited ? std::chrono::seconds(7) : dedalus::no_limit});
    s.says(asks("[" + pending_call("a", "act") + "]"));
    die_at(s, store_failpoint::before_commit, first_end);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    const std::vector<stores::call_record> records = s.stored().calls;
    REQUIRE(records.size() == 3);
    const std::string deadline =
        R"({"deadline_us":)" +
        std::to_string((test::core::stored_time(s.now()) + std::chrono::seconds(7)).time_since_epoch().count()) + "}";
    CHECK(records[0].body == (limited ? deadline : ""));
    CHECK(records[1].body == records[0].body);
    CHECK(records[2].kind == stores::call_record_kind::finish);
    CHECK(records[2].attempt == 2);
}

TEST_CASE("The calls of an answer that was never stored are not run")
{
    durable_scene s;
    s.add("act", {.effect = tool_effect::once});
    s.says(asks("[" + pending_call("lost", "act") + "]"));
    die_at(s, store_failpoint::before_commit, response);
    CHECK(s.sent.size() == 1);
    s.says(asks("[" + pending_call("kept", "act") + "]"));
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(s.log == names{"kept"});
    CHECK(s.bodies.at(0) == s.bodies.at(1));
    CHECK(s.keys.at(0) == s.keys.at(1));
}

TEST_CASE("The end of one of three calls that ran at once survives a crash, and the next request is as without it")
{
    const std::string calls =
        "[" + pending_call("a", "look") + "," + pending_call("b", "look") + "," + pending_call("c", "look") + "]";
    durable_scene undisturbed;
    undisturbed.add("look", {.effect = tool_effect::pure});
    undisturbed.says(asks(calls));
    undisturbed.says(ends());
    CHECK(undisturbed.run().phase == run_phase::completed);

    durable_scene s;
    s.add("look", {.effect = tool_effect::pure});
    s.says(asks(calls));
    s.says(ends());
    die_at(s, store_failpoint::before_commit, first_end + 1);
    CHECK(s.log == names{"a", "b", "c"});
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(s.log == names{"a", "b", "c", "b", "c"});
    CHECK(s.bodies.at(1) == undisturbed.bodies.at(1));
}

TEST_CASE("What a tool gave when another owner had taken its run is kept as late, and changes nothing")
{
    durable_scene s;
    s.add("act", {.effect = tool_effect::once});
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.store->arm(store_failpoint::stale_fence, first_end);
    CHECK(s.run().stop_reason == stop_reason::fenced);
    const stores::stored_run run = s.stored();
    CHECK(run.fence == 2);
    for (const stores::call_record& record : run.calls)
        CHECK(record.kind == stores::call_record_kind::start);
    REQUIRE(run.late.size() == 1);
    CHECK(run.late[0].key.call_id == "a");
    CHECK(run.late[0].fence == 1);
    CHECK(run.late[0].body.find("a done") != std::string::npos);
}

TEST_CASE("A store that is full lets no tool start, and the run goes on when there is room again")
{
    durable_scene s;
    s.add("act", {.effect = tool_effect::once});
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
    s.lease = std::chrono::milliseconds(100);
    s.store->arm(store_failpoint::drop_connection, first_end - 1);
    CHECK_THROWS_AS(s.run(), dedalus::store_error);
    CHECK(s.log.empty());
    s.store->reconnect();
    s.passed += std::chrono::minutes(1);
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"a"});
}

TEST_CASE("A run that has ended does nothing when it is resumed, and tells its result again")
{
    durable_scene s;
    s.add("act", {.effect = tool_effect::once});
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
    const dedalus::run_result first = s.run();
    const stores::stored_run left = s.stored();
    const dedalus::run_result again = s.run();
    CHECK(again.phase == run_phase::completed);
    CHECK(again.final_text == first.final_text);
    CHECK(again.tool_results.size() == 1);
    CHECK(s.sent.size() == 2);
    CHECK(s.log == names{"a"});
    CHECK(s.stored() == left);
}

}  // namespace durable_scenarios_test
