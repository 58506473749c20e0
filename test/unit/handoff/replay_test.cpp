#include "handoff/replay.hpp"

#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace replay_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::wait_kind;
using test::at;
using test::driver;
using test::handoff_answer;
using test::text_answer;

namespace {

using request = std::optional<dedalus::chat_completion_request>;

std::string bytes(const request& r)
{
    return r ? json::serialize(json::value_from(*r)) + r->deferred_calls_raw : "no request";
}

/// What of a result depends on the run alone, not on its notes about how it went.
std::string outline_of(const dedalus::run_result& r)
{
    std::string text(to_string(r.phase));
    text += ' ' + std::string(to_string(r.stop_reason)) + ' ' + r.final_text + ' ' + test::outline(r.messages);
    for (const dedalus::message& m : r.messages)
        text += json::serialize(json::value_from(m));
    text += " spent " + std::to_string(r.llm_turns.spent()) + " of " + std::to_string(r.llm_turns.limit);
    for (const dedalus::tool_result& t : r.tool_results)
        text += ' ' + t.call_id + ':' + std::string(to_string(t.outcome)) + ':' + t.content + ':' +
                std::to_string(t.attempts);
    text += " lost " + std::to_string(r.unknown_outcomes.size());
    return text;
}

dedalus::chat_completion scripted(int turn)
{
    switch (turn) {
    case 1:
        return handoff_answer(
            R"([{"id":"a","name":"tool","arguments":{"x":1}},{"id":"b","name":"other","arguments":{}},
                {"id":"c","name":"tool","arguments":{},"dependencies":["a","b"]},
                {"id":"u","name":"missing","arguments":{}}])",
            R"(,"correlation_id":"s1","turns_consumed":1,"deferred":)" + test::deferred
        );
    case 2:
        return test::calls_answer({{"", "tool", R"({"n":1})"}, {"e", "other", "{}"}});
    case 3:
        return handoff_answer(
            R"([{"id":"a","name":"tool","arguments":{"x":1}},{"id":"f","name":"tool","arguments":{}}])"
        );
    default:
        return text_answer("Done.");
    }
}

/// Drives a machine at random, and keeps what it is told.
struct random_run
{
    explicit random_run(unsigned seed) : random(seed), machine(test::settings(40), with_cap()) {}

    static dedalus::chat_completion_request with_cap()
    {
        dedalus::chat_completion_request r = test::question();
        r.max_turns = 3;
        return r;
    }

    unsigned pick(unsigned n) { return static_cast<unsigned>(random()) % n; }

    core::run_machine copy() const
    {
        core::run_machine other(test::settings(40), with_cap());
        REQUIRE(core::replay(other, log, calls).empty());
        return other;
    }

    void send()
    {
        const request r = test::next_request(machine);
        REQUIRE(r);
        log.emplace_back(core::request_sent{machine.sent().turn, machine.sent().reserved});
        switch (pick(6)) {
        case 0:
            machine.on_unknown_outcome();
            log.emplace_back(core::request_lost{});
            break;
        case 1: {
            const core::refusal_kind kind = machine.judge(test::refusal(404, "no such session"));
            machine.on_refusal(kind);
            log.emplace_back(core::request_refused{kind});
            break;
        }
        default:
            machine.on_answer(scripted(++answers), at(++clock));
            log.emplace_back(core::request_answered{scripted(answers), at(clock)});
            keep_not_run();
        }
    }

    void run_calls()
    {
        for (core::ready_call& call : machine.start_ready(at(++clock))) {
            calls[call.key].attempts = call.attempt;
            calls[call.key].started = at(clock);
            calls[call.key].open = true;
            running.push_back(call.key);
        }
        if (running.empty())
            return approve();
        const auto place = running.begin() + static_cast<std::ptrdiff_t>(pick(static_cast<unsigned>(running.size())));
        const core::call_key key = *place;
        if (pick(5) == 0) {
            machine.hold(key, wait_kind::unknown_outcome, at(clock));
            log.emplace_back(core::call_held{key, wait_kind::unknown_outcome, at(clock)});
            held.push_back(key);
        }
        else {
            finish(key);
        }
        running.erase(place);
    }

    void approve()
    {
        REQUIRE_FALSE(held.empty());
        core::approval how;
        how.always = pick(4) == 0;
        if (pick(2) == 0)
            how.arguments = json::object{{"edited", clock}};
        machine.approve(held.back(), at(clock), how);
        log.emplace_back(core::call_approved{held.back(), how, at(clock)});
        held.pop_back();
    }

    void add_input()
    {
        std::vector<dedalus::message> added;
        added.emplace_back(dedalus::user_message{"And at " + std::to_string(clock) + "?"});
        machine.add_input(added);
        log.emplace_back(core::input_added{added});
    }

    void finish(const core::call_key& key)
    {
        core::finished_call end;
        end.end =
            pick(4) == 0 ? core::error_end("failed", 100) : core::result_end(json::string(key.call_id + " done"), 100);
        end.entered = at(clock);
        end.finished = at(++clock);
        machine.finish(key, end.end, end.entered, end.finished);
        calls[key].finished = end;
        keep_not_run();
    }

    void keep_not_run()
    {
        for (const core::call_key& key : machine.take_not_run()) {
            const core::call_record& record = machine.call(key);
            calls[key].finished = core::finished_call{record.end, record.started, record.finished};
        }
    }

    /// One step; false when the run has ended.
    bool step()
    {
        if (pick(8) == 0)
            add_input();
        if (machine.calls_open()) {
            run_calls();
            return true;
        }
        core::run_machine probe = copy();
        if (!probe.begin_request())
            return false;
        send();
        return true;
    }

    std::mt19937 random;
    core::run_machine machine;
    std::vector<core::log_event> log;
    core::facts_by_call calls;
    std::vector<core::call_key> running;
    std::vector<core::call_key> held;
    int clock = 0;
    int answers = 0;
};

}  // namespace

TEST_CASE("A machine that is told the log of another one is in the same state after every step")
{
    std::size_t compared = 0;
    for (unsigned seed = 0; seed < 200; ++seed) {
        random_run run(seed);
        for (bool going = true; going;) {
            going = run.step();
            core::run_machine again = run.copy();
            INFO("seed " << seed);
            REQUIRE(again.calls_open() == run.machine.calls_open());
            REQUIRE(outline_of(again.result()) == outline_of(run.machine.result()));
            ++compared;
            if (run.machine.calls_open() || !going)
                continue;
            core::run_machine next = run.machine;
            REQUIRE(bytes(test::next_request(again)) == bytes(test::next_request(next)));
            REQUIRE(again.sent().epoch == next.sent().epoch);
            REQUIRE(again.sent().attempt == next.sent().attempt);
        }
        core::run_machine end = run.machine;
        CHECK_FALSE(end.begin_request());
        CHECK(end.result().phase == run_phase::completed);
    }
    CHECK(compared > 1000);
}

TEST_CASE("A log that does not fit the machine is refused")
{
    core::run_machine machine(test::settings(), test::question());
    std::vector<core::log_event> events;
    SECTION("an answer without a request")
    {
        events.emplace_back(core::request_answered{text_answer("Hi"), at(1)});
        CHECK(core::replay(machine, events, {}) == "event 1 of the log cannot have happened there");
    }
    SECTION("a request while calls are open")
    {
        events.emplace_back(core::request_sent{1, 10});
        events.emplace_back(core::request_answered{handoff_answer(test::two_pending), at(1)});
        events.emplace_back(core::request_sent{2, 9});
        CHECK(core::replay(machine, events, {}) == "event 3 of the log cannot have happened there");
    }
    SECTION("another reservation than the rules give")
    {
        events.emplace_back(core::request_sent{1, 4});
        CHECK_FALSE(core::replay(machine, events, {}).empty());
    }
    SECTION("a request after the end")
    {
        events.emplace_back(core::request_sent{1, 10});
        events.emplace_back(core::request_answered{text_answer("Hi"), at(1)});
        events.emplace_back(core::request_sent{2, 9});
        CHECK_FALSE(core::replay(machine, events, {}).empty());
    }
}

TEST_CASE("A request of unknown outcome is sent again as it was, as long as turns are left for it")
{
    dedalus::chat_completion_request asked = test::question();
    asked.max_turns = 4;
    driver d(test::settings(10), asked);
    const std::string first = bytes(test::next_request(d.machine));
    d.machine.on_unknown_outcome();
    CHECK(bytes(test::next_request(d.machine)) == first);
    CHECK(d.machine.sent().epoch == 0);
    CHECK(d.machine.sent().attempt == 2);
    d.machine.on_unknown_outcome();
    const request third = test::next_request(d.machine);
    REQUIRE(third);
    CHECK(third->max_turns == 2);
    d.machine.on_unknown_outcome();
    CHECK_FALSE(d.machine.begin_request());
    const dedalus::run_result r = d.machine.result();
    CHECK(r.phase == run_phase::budget_exhausted);
    CHECK(r.llm_turns.charged_unknown == 10);
    CHECK(r.unknown_outcomes.size() == 3);
    CHECK(r.usage_incomplete);
}

TEST_CASE("After a refusal nothing is charged and the request counts as another one")
{
    driver d;
    d.machine.begin_request();
    CHECK(d.machine.judge(test::refusal(429, "slow down")) == core::refusal_kind::not_worked);
    CHECK(d.machine.judge(test::refusal(503, "busy")) == core::refusal_kind::unknown);
    CHECK(d.machine.judge(test::refusal(400, "no such model")) == core::refusal_kind::final);
    d.machine.on_refusal(core::refusal_kind::not_worked);
    REQUIRE(d.machine.begin_request());
    CHECK(d.machine.sent().epoch == 1);
    CHECK(d.machine.sent().reserved == 10);
    CHECK(d.machine.result().llm_turns.spent() == 0);
}

TEST_CASE("A call that waits for a person takes no place, and runs when it is approved")
{
    core::run_settings s = test::settings();
    s.max_concurrency = 1;
    s.gates = [](const core::requested_call& call, bool ask) {
        core::call_gates gates;
        gates.approval = ask && call.id == "a";
        return gates;
    };
    driver d(s);
    d.exchange(handoff_answer(
        R"([{"id":"a","name":"tool","arguments":{}},{"id":"b","name":"tool","arguments":{}},
            {"id":"c","name":"tool","arguments":{},"dependencies":["a"]}])"
    ));
    std::vector<core::ready_call> ready = d.machine.start_ready(at(2));
    REQUIRE(ready.size() == 2);
    CHECK(ready[0].waits_for == wait_kind::approval);
    CHECK_FALSE(ready[1].waits_for);
    d.machine.finish(ready[1].key, core::result_end("b done", 100), at(2), at(3));
    CHECK(d.machine.start_ready(at(3)).empty());
    CHECK(d.machine.calls_open());
    d.machine.suspend(stop_reason::approval);
    const dedalus::run_result waits = d.machine.result();
    CHECK(waits.phase == run_phase::suspended);
    REQUIRE(waits.waiting.size() == 1);
    CHECK(waits.waiting[0].call_id == "a");
    CHECK(waits.tool_results.size() == 1);

    SECTION("approved")
    {
        d.machine.approve(ready[0].key, at(3));
        d.run_calls();
        CHECK(d.executed == test::names{"a", "c"});
    }
    SECTION("declined")
    {
        d.machine.finish(ready[0].key, core::rejected_end("too dear"), at(4), at(4));
        CHECK_FALSE(d.machine.calls_open());
        const std::vector<core::call_key> skipped = d.machine.take_not_run();
        REQUIRE(skipped.size() == 1);
        CHECK(skipped[0].call_id == "c");
    }
    d.turn(text_answer("Done."));
    CHECK(d.result().phase == run_phase::completed);
}

}  // namespace replay_test
