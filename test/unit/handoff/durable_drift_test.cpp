#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/describe/class.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable_drift_test {

using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using dedalus::stores::post_outcome;
using test::durable_scene;
using test::ends;
using test::run_coro;
using names = std::vector<std::string>;

struct order
{
    int count = 0;
};
BOOST_DESCRIBE_STRUCT(order, (), (count))

/// The arguments of a later version.
struct priced_order
{
    int count = 0;
    int price = 0;
};
BOOST_DESCRIBE_STRUCT(priced_order, (), (count, price))

namespace {

template <class Arguments>
void add_order(durable_scene& s, bool needs_approval)
{
    s.tools.add(
        "order",
        "Order things",
        [&s](Arguments o, dedalus::tool_context& context) {
            return s.work(context.call_id() + std::to_string(o.count));
        },
        {.effect = tool_effect::pure, .needs_approval = needs_approval}
    );
}

/// Another version of the program, with these tools.
void deploy_priced_orders(durable_scene& s, bool needs_approval)
{
    s.tools = dedalus::tool_registry();
    add_order<priced_order>(s, needs_approval);
}

/// What a process without any tool makes of the run: nothing, for the time of a lease, and then the log stays as it is.
void check_left(durable_scene& s, stop_reason reason)
{
    const dedalus::tool_registry tools = std::exchange(s.tools, dedalus::tool_registry());
    CHECK(s.run().stop_reason == reason);
    const test::stores::stored_run left = s.stored();
    for (int i = 0; i < 3; ++i) {
        const dedalus::run_result again = s.run();
        CHECK(again.phase == run_phase::suspended);
        CHECK(again.stop_reason == reason);
    }
    CHECK(s.stored().rev == left.rev);
    CHECK(s.stored().fence == left.fence);
    s.passed += s.lease;
    CHECK(s.run().stop_reason == reason);
    CHECK(s.stored().entries == left.entries);
    CHECK(s.stored().head.wakeup_at == test::core::stored_time(s.now() + s.lease));
    s.tools = tools;
}

}  // namespace

TEST_CASE("A run that was decided on is left as it is where its tools are missing, and goes on where they are")
{
    durable_scene s;
    test::waiting_run(s);
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    check_left(s, stop_reason::toolset_changed);
    SECTION("at once")
    {
        s.says(ends());
        CHECK(s.run().phase == run_phase::completed);
        CHECK(s.log == names{R"(a{"n":1})"});
    }
    SECTION("and ends without them when somebody has ordered that")
    {
        s.tools = dedalus::tool_registry();
        CHECK(run_coro(s.inbox().cancel_run("r1")) == post_outcome::accepted);
        CHECK(s.run().phase == run_phase::cancelled);
    }
}

TEST_CASE("A run whose results cannot be made again where its tools are missing is left as it is there, too")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure, .do_not_store_value = true});
    s.says(test::asks("[" + test::pending_call("a", "look") + "]"));
    s.fails(std::runtime_error("killed"));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    std::vector<dedalus::message> added;
    added.emplace_back(dedalus::user_message{"And hurry."});
    CHECK(run_coro(s.inbox().add_input("r1", added)) == post_outcome::accepted);
    check_left(s, stop_reason::unstored_value);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("A call that was planned and never started is checked again by the tool that the next process has")
{
    durable_scene s;
    add_order<order>(s, false);
    s.definition.tools.emplace_back("order", tool_effect::pure);
    s.add("book", {.needs_approval = true});
    s.says(test::asks(
        R"([{"id":"a","name":"book","arguments":{}},{"id":"b","name":"order","arguments":{"count":1},"dependencies":["a"]}])"
    ));
    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    const bool changed = GENERATE(true, false);
    if (changed) {
        deploy_priced_orders(s, false);
        s.add("book", {.needs_approval = true});
    }
    s.says(ends());
    const dedalus::run_result done = s.run();
    REQUIRE(done.phase == run_phase::completed);
    REQUIRE(done.tool_results.size() == 2);
    CHECK(done.tool_results[1].outcome == (changed ? tool_outcome::invalid_arguments : tool_outcome::ok));
    CHECK(done.tool_results[1].attempts == (changed ? 0 : 1));
    CHECK(s.log == (changed ? names{"a"} : names{"a", "b1"}));
    CHECK((test::tool_text(s.sent.at(1).messages, "b").find("price") != std::string::npos) == changed);
    CHECK(s.run().tool_results.at(1).content == done.tool_results[1].content);
}

TEST_CASE("A call that waited for its approval while its tool changed is checked again when it is approved")
{
    durable_scene s;
    add_order<order>(s, true);
    s.definition.tools.emplace_back("order", tool_effect::pure);
    s.says(test::asks(R"([{"id":"a","name":"order","arguments":{"count":1}}])"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    deploy_priced_orders(s, true);
    s.says(ends());
    SECTION("as it is: it does not fit")
    {
        CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
        const dedalus::run_result done = s.run();
        CHECK(done.phase == run_phase::completed);
        CHECK(done.tool_results.at(0).outcome == tool_outcome::invalid_arguments);
        CHECK(s.log.empty());
        CHECK(run_coro(s.inbox().list_waiting("r1")).empty());
        CHECK(s.run().tool_results.at(0).outcome == tool_outcome::invalid_arguments);
    }
    SECTION("with arguments that a person has mended")
    {
        CHECK(run_coro(s.inbox().approve_edited("r1", "a", {{"count", 2}, {"price", 3}})) == post_outcome::accepted);
        CHECK(s.run().phase == run_phase::completed);
        CHECK(s.log == names{"a2"});
    }
}

TEST_CASE("Of the effect that a run began with and that of today the stricter one counts")
{
    const auto [then, now, again] = GENERATE(table<tool_effect, tool_effect, bool>(
        {{tool_effect::once, tool_effect::pure, false},
         {tool_effect::once, tool_effect::keyed, false},
         {tool_effect::pure, tool_effect::once, false},
         {tool_effect::keyed, tool_effect::pure, true}}
    ));
    durable_scene s;
    test::leave_started(s, then);
    s.tools = dedalus::tool_registry();
    s.add("act", {.effect = now});
    s.says(ends());
    const dedalus::run_result result = s.run();
    CHECK(result.stop_reason == (again ? stop_reason::final : stop_reason::unknown_tool_outcome));
    CHECK(s.log.size() == (again ? 2U : 1U));
}

}  // namespace durable_drift_test
