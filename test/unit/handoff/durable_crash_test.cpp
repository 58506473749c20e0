#include "support/catch.hpp"
#include "support/durable_world.hpp"

#include <chrono>
#include <cstddef>
#include <iostream>
#include <string>

namespace durable_crash_test {

using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using test::process;
using test::rule;
using test::world;

namespace {

constexpr std::chrono::seconds longer_than_a_lease(31);

struct tally
{
    std::size_t schedules = 0;
    std::size_t completed = 0;
    std::size_t unknown = 0;
    std::size_t late = 0;
    std::size_t violations = 0;
    std::string first{};  ///< what was wrong first, and where

    rule off = rule::none;

    /// With a rule off, one violation is enough.
    bool over() const { return off == rule::lease_check ? late > 0 : off != rule::none && violations > 0; }
};

struct schedule
{
    rule off = rule::none;
    int max_turns = 20;
    std::size_t most_inline_bytes = 65536;
};

void prepare(world& w, const schedule& how)
{
    w.off = how.off;
    w.max_turns = how.max_turns;
    w.most_inline_bytes = how.most_inline_bytes;
}

/// "" for a crash, which is what a test wants.
std::string failure_of(const process& p)
{
    try {
        if (p.failure)
            std::rethrow_exception(p.failure);
    }
    catch (const test::crash&) {
        return {};
    }
    catch (const std::exception& e) {
        return e.what();
    }
    catch (...) {
        return "unknown exception";
    }
    return {};
}

/// Brings the run to its end, however often it takes, and looks at what happened.
void judge(world& w, tally& all, const std::string& name)
{
    process* last = w.processes.back().get();
    for (int tries = 0; tries < 4 && !(last->result && is_terminal(last->result->phase)); ++tries) {
        w.passed += longer_than_a_lease;
        last = &w.add_process();
        w.begin(*last);
    }
    for (const auto& p : w.processes) {
        if (const std::string failure = failure_of(*p); !failure.empty())
            w.violations.push_back("a process failed: " + failure);
        const bool stopped = p->stop_at > 0 && p->result && p->result->stop_reason == stop_reason::stopped;
        if (p->result && p->result->phase == run_phase::suspended && !stopped)
            w.violations.push_back("the run was suspended");
    }
    if (!last->result || !is_terminal(last->result->phase))
        w.violations.push_back("the run did not end");
    else if (last->result->llm_turns.spent() > w.max_turns)
        w.violations.push_back("the account is over the limit");
    for (const auto& [key, count] : w.effects) {
        if (w.classes[key] == tool_effect::once && count > 1)
            w.violations.push_back("a second effect of " + key);
    }
    ++all.schedules;
    if (last->result && last->result->phase == run_phase::completed) {
        ++all.completed;
        for (const dedalus::tool_result& call : last->result->tool_results) {
            const bool known = call.outcome == tool_outcome::ok;
            all.unknown += call.outcome == tool_outcome::unknown_outcome ? 1U : 0U;
            if (known && w.effects["r1/" + call.call_id] == 0)
                w.violations.push_back("a result without an effect");
            if (w.finished.contains("r1/" + call.call_id) && call.outcome == tool_outcome::unknown_outcome)
                w.violations.push_back("a result was lost");
        }
    }
    all.late += static_cast<std::size_t>(w.late_starts);
    if (w.violations.empty())
        return;
    ++all.violations;
    if (all.first.empty())
        all.first = name + ": " + w.violations.front();
}

/// Every crash, and every two.
void crash_everywhere(const schedule& how, tally& all)
{
    for (std::size_t first = 1;; ++first) {
        bool crashed_first = false;
        for (std::size_t second = 1; !all.over(); ++second) {
            world w;
            prepare(w, how);
            process& a = w.add_process();
            a.crash_at = first;
            w.begin(a);
            crashed_first = a.dead;
            bool crashed_second = false;
            if (a.dead) {
                w.passed += longer_than_a_lease;
                process& b = w.add_process();
                b.crash_at = second;
                w.begin(b);
                crashed_second = b.dead;
            }
            judge(w, all, "crash at " + std::to_string(first) + " and " + std::to_string(second));
            if (!crashed_second)
                break;
        }
        if (!crashed_first || all.over())
            return;
    }
}

/// Every pause of one owner while another takes over, every pause of that one, and both go on.
void pause_everywhere(const schedule& how, tally& all)
{
    for (std::size_t first = 1;; ++first) {
        bool paused_first = false;
        for (std::size_t second = 1; !all.over(); ++second) {
            world w;
            prepare(w, how);
            process& a = w.add_process();
            a.pause_at = first;
            w.begin(a);
            paused_first = a.paused;
            bool paused_second = false;
            if (a.paused) {
                w.passed += longer_than_a_lease;
                process& b = w.add_process();
                b.pause_at = second;
                w.begin(b);
                paused_second = b.paused;
                w.go_on(a);
                if (paused_second)
                    w.go_on(b);
            }
            judge(w, all, "pause at " + std::to_string(first) + " and " + std::to_string(second));
            if (!paused_second)
                break;
        }
        if (!paused_first || all.over())
            return;
    }
}

/// Every stop, and every crash of who goes on.
void stop_everywhere(const schedule& how, tally& all)
{
    for (std::size_t first = 1;; ++first) {
        std::size_t steps = 0;
        for (std::size_t second = 1;; ++second) {
            world w;
            prepare(w, how);
            process& a = w.add_process();
            a.stop_at = first;
            w.begin(a);
            steps = a.steps;
            process& b = w.add_process();
            b.crash_at = second;
            w.begin(b);
            const bool crashed = b.dead;
            judge(w, all, "stop at " + std::to_string(first) + ", crash at " + std::to_string(second));
            if (!crashed)
                break;
        }
        if (steps < first)
            return;
    }
}

tally everything(const schedule& how)
{
    tally all;
    all.off = how.off;
    const bool of_owners = how.off == rule::fence || how.off == rule::fence_in_append || how.off == rule::lease_check;
    if (!of_owners)
        crash_everywhere(how, all);
    pause_everywhere(how, all);
    return all;
}

}  // namespace

TEST_CASE("An undisturbed run in a store ends as one without a store does")
{
    world w;
    process& a = w.add_process();
    w.begin(a);
    if (a.failure)
        std::rethrow_exception(a.failure);
    REQUIRE(a.result);
    CHECK(w.violations == std::vector<std::string>{});
    CHECK(a.result->phase == run_phase::completed);
    CHECK(a.result->final_text == "Done.");
    CHECK(a.result->resumes == 0);
    CHECK(a.result->llm_turns.reported == 6);
    CHECK(
        test::outline(a.result->messages) ==
        "user assistant(a,b,c,u) tool:a tool:b tool:c tool:u assistant(e) tool:e assistant"
    );
    CHECK(w.effects == std::map<std::string, int>{{"r1/a", 1}, {"r1/b", 1}, {"r1/c", 1}, {"r1/e", 1}});

    process& again = w.add_process();
    w.begin(again);
    REQUIRE(again.result);
    CHECK(again.result->phase == run_phase::completed);
    CHECK(again.result->final_text == "Done.");
    CHECK(w.bodies.size() == 3);
}

TEST_CASE("No crash and no pause of a run makes anything happen twice, be lost, or go over the limit")
{
    const tally all = everything({rule::none, 20});
    INFO(all.first);
    CHECK(all.violations == 0);
    CHECK(all.late == 0);
    CHECK(all.completed == all.schedules);
    CHECK(all.unknown > 0);
    CHECK(all.schedules > 1000);
    std::cout << "durable run: " << all.schedules << " schedules, " << all.completed << " completed, " << all.unknown
              << " calls of unknown outcome, " << all.violations << " violations\n";
}

TEST_CASE("No stop of a run, and no crash of who goes on, makes anything happen twice, be lost, or go over the limit")
{
    tally all;
    stop_everywhere({}, all);
    INFO(all.first);
    CHECK(all.violations == 0);
    CHECK(all.late == 0);
    CHECK(all.completed == all.schedules);
    CHECK(all.schedules > 300);
    std::cout << "stopped run: " << all.schedules << " schedules, " << all.unknown << " calls of unknown outcome\n";
}

TEST_CASE("No crash of a run loses a result that stands beside its record, or leaves a record without it")
{
    const tally all = everything({rule::none, 20, 0});
    INFO(all.first);
    CHECK(all.violations == 0);
    CHECK(all.completed == all.schedules);
    CHECK(all.unknown > 0);
}

TEST_CASE("A limit that is barely enough is kept whatever crashes")
{
    const tally all = everything({rule::none, 8});
    INFO(all.first);
    CHECK(all.violations == 0);
    CHECK(all.completed > 0);
    CHECK(all.completed < all.schedules);
}

TEST_CASE("Each rule is needed: without it something goes wrong")
{
    SECTION("without start records a once tool acts twice")
    {
        CHECK(everything({rule::start_record, 20}).violations > 0);
    }
    SECTION("without effect classes a once tool acts twice")
    {
        CHECK(everything({rule::effect_class, 20}).violations > 0);
    }
    SECTION("without a record of each end results are lost")
    {
        CHECK(everything({rule::finish_record, 20}).violations > 0);
    }
    SECTION("without fences a former owner writes")
    {
        CHECK(everything({rule::fence, 20}).violations > 0);
    }
    SECTION("without fences in appends a former owner starts tools")
    {
        CHECK(everything({rule::fence_in_append, 20}).violations > 0);
    }
    SECTION("without a look at the lease a former owner acts late")
    {
        CHECK(everything({rule::lease_check, 20}).late > 0);
    }
    SECTION("without a record of each request more turns are used than allowed")
    {
        CHECK(everything({rule::intent_first, 8}).violations > 0);
    }
}

}  // namespace durable_crash_test
