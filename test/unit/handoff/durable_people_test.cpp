#include "support/catch.hpp"
#include "support/durable_world.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

// Every crash of a run with an approval, an edit and a wait that expires.
namespace durable_people_test {

using dedalus::run_phase;
using dedalus::tool_outcome;
using test::process;
using test::world;

namespace {

/// The run of one world: processes follow it one after another, and die at these steps of all of them together.
struct history
{
    world w;
    std::size_t steps = 0;
    std::size_t deaths = 0;
    std::optional<dedalus::run_result> end{};
};

void follow(history& h, const std::vector<std::size_t>& deaths)
{
    constexpr std::size_t most_processes = 12;
    h.w.people = true;
    while (!h.end && h.w.processes.size() < most_processes) {
        process& p = h.w.add_process();
        if (h.deaths < deaths.size())
            p.crash_at = deaths[h.deaths] - h.steps;
        h.w.begin(p);
        h.steps += p.steps;
        if (p.dead) {
            ++h.deaths;
            h.w.passed += std::chrono::seconds(31);
        }
        else if (p.failure) {
            std::rethrow_exception(p.failure);
        }
        else if (is_terminal(p.result->phase)) {
            h.end = p.result;
        }
        h.w.decide();
    }
}

std::vector<std::string> without_repetitions(std::vector<std::string> bodies)
{
    bodies.erase(std::unique(bodies.begin(), bodies.end()), bodies.end());
    return bodies;
}

std::string outline_of(const dedalus::run_result& result)
{
    std::string text = std::string(to_string(result.phase)) + ' ' + test::outline(result.messages);
    for (const dedalus::tool_result& call : result.tool_results)
        text += '\n' + call.call_id + ' ' + std::string(to_string(call.outcome)) + ' ' + call.content;
    return text;
}

bool has_unknown(const dedalus::run_result& result)
{
    return std::ranges::any_of(result.tool_results, [](const dedalus::tool_result& call) {
        return call.outcome == tool_outcome::unknown_outcome;
    });
}

/// What is wrong with a run, "" if nothing; compared with the one that nothing happened to.
std::string problem_of(history& h, const history& undisturbed)
{
    if (!h.w.violations.empty())
        return h.w.violations.front();
    if (!h.end || h.end->phase != run_phase::completed)
        return "the run did not complete";
    if (h.w.effects["r1/a"] > 1)
        return "a second effect of a call that must not happen twice";
    process& again = h.w.add_process();
    h.w.begin(again);
    if (!again.result || outline_of(*again.result) != outline_of(*h.end))
        return "the stored result is another one";
    if (has_unknown(*h.end))
        return {};
    if (outline_of(*h.end) != outline_of(*undisturbed.end))
        return "the result is another one than without a crash";
    if (without_repetitions(h.w.bodies) != undisturbed.w.bodies)
        return "the requests are others than without a crash";
    return {};
}

}  // namespace

TEST_CASE("A run that people have a say in does what they said, and what nobody decided does not happen")
{
    history h;
    follow(h, {});
    REQUIRE(h.end);
    CHECK(h.w.violations == std::vector<std::string>{});
    CHECK(h.end->phase == run_phase::completed);
    CHECK(h.w.effects == std::map<std::string, int>{{"r1/a", 1}, {"r1/b", 1}, {"r1/c", 1}});
    CHECK(h.w.processes.size() == 3);
    REQUIRE(h.end->tool_results.size() == 5);
    CHECK(h.end->tool_results[1].edited_arguments == boost::json::object{{"amount", 2}});
    CHECK(h.end->tool_results[4].outcome == tool_outcome::expired);
}

TEST_CASE("A run with other rules holds a call back, runs one anyway, asks about a repetition, and starts one early")
{
    history h;
    h.w.scheduling = true;
    follow(h, {});
    REQUIRE(h.end);
    CHECK(h.w.violations == std::vector<std::string>{});
    CHECK(h.end->phase == run_phase::completed);
    CHECK(
        test::outline(h.end->messages) ==
        "user assistant(a,c,u,k) tool:a tool:c tool:u tool:k assistant(h) tool:h assistant(e) tool:e assistant"
    );
    CHECK(h.w.effects == std::map<std::string, int>{{"r1/a", 1}, {"r1/c", 1}, {"r1/h", 1}, {"r1/k", 1}});
}

TEST_CASE("Of several orders about a call, and a decision, that come together the first one counts, and the run goes on"
)
{
    history h;
    h.w.orders = true;
    follow(h, {});
    REQUIRE(h.end);
    CHECK(h.w.violations == std::vector<std::string>{});
    CHECK(h.end->phase == run_phase::completed);
    CHECK(h.w.effects == std::map<std::string, int>{{"r1/a", 1}, {"r1/c", 1}});
    CHECK(h.end->tool_results[1].outcome == tool_outcome::cancelled);
    CHECK(
        test::outline(h.end->messages) ==
        "user assistant(a,b,c,u) tool:a tool:b tool:c tool:u user assistant(e) tool:e assistant"
    );
}

TEST_CASE("No crash of a run makes a decision be lost, be followed twice, or be made up")
{
    const std::string what = GENERATE("decisions", "other rules", "orders");
    const auto set_up = [&what](world& w) {
        w.scheduling = what == "other rules";
        w.orders = what == "orders";
    };
    history undisturbed;
    set_up(undisturbed.w);
    follow(undisturbed, {});
    REQUIRE(undisturbed.end);
    std::size_t schedules = 0;
    std::string first_problem;
    for (std::size_t first = 1; first <= undisturbed.steps && first_problem.empty(); ++first) {
        for (const std::size_t more : {0, 1, 2, 3, 5, 8, 13, 21, 34}) {
            history h;
            set_up(h.w);
            std::vector<std::size_t> deaths{first};
            if (more > 0)
                deaths.push_back(first + more);
            follow(h, deaths);
            ++schedules;
            const std::string problem = problem_of(h, undisturbed);
            if (!problem.empty() && first_problem.empty())
                first_problem =
                    problem + ", crash at " + std::to_string(first) + " and " + std::to_string(more) + " on";
        }
    }
    CHECK(first_problem == "");
    CHECK(schedules > 300);
    std::cout << "run with people, " << what << ": " << schedules << " schedules\n";
}

}  // namespace durable_people_test
