#include "handoff/plan.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <random>
#include <vector>

namespace plan_test {

namespace core = dedalus::handoff_core;
using list = std::vector<std::size_t>;
using skips = std::vector<core::plan::skipped>;

namespace {

core::batch batch_of(const std::vector<list>& needs)
{
    core::batch batch;
    for (const list& n : needs)
        batch.nodes.emplace_back().needs = n;
    return batch;
}

core::plan plan_of(const core::batch& batch, std::size_t max_concurrency = 8)
{
    return core::plan(batch, core::ledger(), max_concurrency);
}

}  // namespace

TEST_CASE("An empty plan is done")
{
    CHECK(core::plan().done());
    CHECK(plan_of(batch_of({})).done());
    CHECK(core::plan().start_ready().empty());
}

TEST_CASE("Calls without dependencies start together in listed order, and only once")
{
    core::plan plan = plan_of(batch_of({{}, {}, {}}));
    CHECK(plan.start_ready() == list{0, 1, 2});
    CHECK(plan.start_ready().empty());
    CHECK_FALSE(plan.done());
    plan.finish(1, true);
    plan.finish(0, true);
    CHECK_FALSE(plan.done());
    plan.finish(2, true);
    CHECK(plan.done());
}

TEST_CASE("No more calls run than allowed")
{
    core::plan plan = plan_of(batch_of({{}, {}, {}, {}}), 2);
    CHECK(plan.start_ready() == list{0, 1});
    plan.finish(1, true);
    CHECK(plan.start_ready() == list{2});
    plan.finish(0, false);
    plan.finish(2, true);
    CHECK(plan.start_ready() == list{3});
}

TEST_CASE("No more calls of one lane run than it takes, and others overtake them")
{
    core::plan plan = plan_of(batch_of({{}, {}, {}, {}}));
    const core::plan::lanes_of_node lanes = [](std::size_t node) {
        std::vector<core::plan::lane> of_node;
        if (node != 2)
            of_node.push_back({"browser", 1});
        if (node == 3)
            of_node.push_back({"tool", 5});
        return of_node;
    };
    CHECK(plan.start_ready(lanes) == list{0, 2});
    CHECK(plan.start_ready(lanes).empty());
    plan.hold(0);
    CHECK(plan.start_ready(lanes) == list{1});
    plan.finish(1, true);
    CHECK(plan.start_ready(lanes) == list{3});
    plan.release(0);
    CHECK(plan.start_ready(lanes).empty());
    plan.finish(3, false);
    CHECK(plan.start_ready(lanes) == list{0});
}

TEST_CASE("A call starts when all that it needs has succeeded")
{
    core::plan plan = plan_of(batch_of({{}, {}, {0, 1}}));
    CHECK(plan.start_ready() == list{0, 1});
    plan.finish(0, true);
    CHECK(plan.start_ready().empty());
    plan.finish(1, true);
    CHECK(plan.start_ready() == list{2});
}

TEST_CASE("A slow call does not hold up a chain that does not need it")
{
    // 0 is slow; 1 -> 2 -> 3 is a chain.
    core::plan plan = plan_of(batch_of({{}, {}, {1}, {2}}));
    CHECK(plan.start_ready() == list{0, 1});
    plan.finish(1, true);
    CHECK(plan.start_ready() == list{2});
    plan.finish(2, true);
    CHECK(plan.start_ready() == list{3});
    plan.finish(3, true);
    CHECK_FALSE(plan.done());
    plan.finish(0, true);
    CHECK(plan.done());
}

TEST_CASE("A call that runs anyway waits for what it needs, and runs however that ended")
{
    core::batch batch = batch_of({{}, {0}, {1}, {0, 1}});
    batch.nodes[3].run_anyway = true;
    core::plan plan = plan_of(batch);
    CHECK(plan.start_ready() == list{0});
    plan.finish(0, false);
    CHECK(plan.take_skipped() == skips{{1, 0}, {2, 1}});
    CHECK(plan.start_ready() == list{3});
    plan.finish(3, true);
    CHECK(plan.done());
}

TEST_CASE("What needs a failed call is skipped, through all generations, and the rest runs")
{
    core::plan plan = plan_of(batch_of({{}, {0}, {1}, {}, {2, 3}}));
    CHECK(plan.start_ready() == list{0, 3});
    plan.finish(0, false);
    CHECK(plan.take_skipped() == skips{{1, 0}, {2, 1}, {4, 2}});
    CHECK(plan.take_skipped().empty());
    CHECK(plan.start_ready().empty());
    CHECK_FALSE(plan.done());
    plan.finish(3, true);
    CHECK(plan.done());
}

TEST_CASE("A call that needs two failed calls is skipped once")
{
    core::plan plan = plan_of(batch_of({{}, {}, {0, 1}}));
    plan.start_ready();
    plan.finish(0, false);
    plan.finish(1, false);
    CHECK(plan.take_skipped() == skips{{2, 0}});
    CHECK(plan.done());
}

TEST_CASE("Members of a cycle run one after another, and a failure of one does not skip the next")
{
    core::batch batch = batch_of({{}, {}, {}});
    batch.nodes[1].after = {0};
    batch.nodes[2].after = {1};
    core::plan plan = plan_of(batch);
    CHECK(plan.start_ready() == list{0});
    plan.finish(0, false);
    CHECK(plan.start_ready() == list{1});
    plan.finish(1, true);
    CHECK(plan.start_ready() == list{2});
    CHECK(plan.take_skipped().empty());
}

TEST_CASE("A call whose end is decided is not started, and what needs it is skipped")
{
    core::batch batch = batch_of({{}, {0}, {1}, {}});
    batch.nodes[0].decided = core::unknown_tool_end("x", {});
    batch.nodes[2].decided = core::unknown_tool_end("y", {});
    core::plan plan = plan_of(batch);
    CHECK(plan.take_skipped() == skips{{1, 0}});
    CHECK(plan.start_ready() == list{3});
    plan.finish(3, true);
    CHECK(plan.done());
}

TEST_CASE("A finished call that came back counts as it ended")
{
    core::ledger calls;
    const core::call_key good = calls.add({}, "", 1, {});
    calls.finish(good, core::result_end("x", 100), {});
    const core::call_key bad = calls.add({}, "", 1, {});
    calls.finish(bad, core::error_end("x", 100), {});

    core::batch batch = batch_of({{}, {}, {0}, {1}});
    batch.nodes[0].known = good;
    batch.nodes[1].known = bad;
    core::plan plan(batch, calls, 8);
    CHECK(plan.take_skipped() == skips{{3, 1}});
    CHECK(plan.start_ready() == list{2});
}

TEST_CASE("A call that was planned before but never finished is run")
{
    core::ledger calls;
    core::batch batch = batch_of({{}});
    batch.nodes[0].known = calls.add({}, "", 1, {});
    core::plan plan(batch, calls, 8);
    CHECK(plan.start_ready() == list{0});
}

TEST_CASE("Any acyclic plan ends, in an order that respects all edges, whatever fails")
{
    std::mt19937 random(4711);
    for (int round = 0; round < 300; ++round) {
        const std::size_t n = 1 + random() % 12;
        std::vector<list> needs(n);
        for (std::size_t i = 1; i < n; ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                if (random() % 4 == 0)
                    needs[i].push_back(j);
            }
        }
        const std::size_t limit = 1 + random() % 3;
        core::plan plan = plan_of(batch_of(needs), limit);
        std::vector<bool> succeeded(n, false);
        std::vector<int> ended(n, 0);
        list running;
        while (!plan.done()) {
            for (const std::size_t node : plan.start_ready()) {
                for (const std::size_t needed : needs[node])
                    REQUIRE(succeeded[needed]);
                running.push_back(node);
            }
            REQUIRE_FALSE(running.empty());
            REQUIRE(running.size() <= limit);
            const std::size_t place = random() % running.size();
            const std::size_t node = running[place];
            running.erase(running.begin() + static_cast<std::ptrdiff_t>(place));
            succeeded[node] = random() % 5 != 0;
            ++ended[node];
            plan.finish(node, succeeded[node]);
            for (const auto& skipped : plan.take_skipped()) {
                REQUIRE_FALSE(succeeded[skipped.because_of]);
                ++ended[skipped.node];
            }
        }
        CHECK(std::all_of(ended.begin(), ended.end(), [](int times) { return times == 1; }));
    }
}

}  // namespace plan_test
