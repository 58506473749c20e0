#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace durable_unknown_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::run_phase;
using dedalus::run_result;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using dedalus::unknown_outcome_policy;
using test::asks;
using test::durable_scene;
using test::ends;
using test::leave_started;
using test::pending_call;
using test::run_coro;

namespace {

/// That this call, and nothing else, may have had an effect nobody saw, is said at once and when the run is loaded.
void check_unknown(durable_scene& s, const run_result& now, const std::string& call_id)
{
    const run_result later = s.run();
    for (const run_result* r : {&now, &later}) {
        REQUIRE(r->unknown_outcomes.size() == 1);
        CHECK(r->unknown_outcomes[0].call_id == call_id);
        CHECK(r->unknown_outcomes[0].turn == 1);
    }
}

asio::awaitable<json::value> never(json::object, dedalus::tool_context&)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
    co_return nullptr;
}

asio::awaitable<json::value> order_and_wait(asio::awaitable<dedalus::stores::post_outcome> order)
{
    co_await std::move(order);
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
    co_return nullptr;
}

/// Waits until so many calls were logged, whatever cancels it, and logs its own.
asio::awaitable<json::value> when_logged(durable_scene& s, std::size_t calls, std::string id)  // borrowed: s
{
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (s.log.size() < calls) {
        timer.expires_after(std::chrono::milliseconds(1));
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return co_await s.work(std::move(id));
}

/// Waits until so many requests were sent, likewise.
asio::awaitable<json::value> when_sent(durable_scene& s, std::size_t requests, std::string id)  // borrowed: s
{
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (s.sent.size() < requests) {
        timer.expires_after(std::chrono::milliseconds(1));
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return co_await s.work(std::move(id));
}

}  // namespace

TEST_CASE("A once tool that ends after its time limit changes nothing, and whoever loads the run is told")
{
    durable_scene s;
    s.add("slow", {.timeout = std::chrono::milliseconds(1)}, [&s](json::object, dedalus::tool_context& context) {
        return when_sent(s, 2, context.call_id());
    });
    s.add("next", {.effect = tool_effect::pure}, [&s](json::object, dedalus::tool_context& context) {
        return when_logged(s, 1, context.call_id());
    });
    s.says(asks("[" + pending_call("a", "slow") + "]"));
    s.says(asks("[" + pending_call("b", "next") + "]"));
    s.says(ends());
    auto in = std::make_shared<test::engine::durable_input>(*s.input());
    in->cancellation_grace = std::chrono::milliseconds(1);
    const run_result done = run_coro(durable_scene::follow(in, s.stop));
    CHECK(s.log == std::vector<std::string>{"a", "b"});
    CHECK(test::tool_text(s.sent.at(1).messages, "a").find("its outcome is unknown") != std::string::npos);
    check_unknown(s, done, "a");
    const run_result later = s.run();
    for (const run_result* r : {&done, &later}) {
        CHECK(r->phase == run_phase::completed);
        CHECK(r->tool_results.at(0).outcome == tool_outcome::timeout);
        CHECK(r->tool_results.at(0).value.is_null());
        CHECK(test::codes(r->diagnostics) == std::vector<std::string>{"late_result"});
    }
    CHECK(s.log.size() == 2);
}

TEST_CASE("A call of unknown outcome that the model is told of stays in the result")
{
    durable_scene s;
    leave_started(s, tool_effect::once);
    s.on_unknown_outcome = unknown_outcome_policy::tell_model;
    s.says(ends());
    check_unknown(s, s.run(), "a");
}

TEST_CASE("The reason of a person who rejects a call of unknown outcome goes to the model")
{
    durable_scene s;
    leave_started(s, tool_effect::once);
    CHECK(s.run().stop_reason == stop_reason::unknown_tool_outcome);
    CHECK(run_coro(s.inbox().reject("r1", "a", "the bank\nis closed")) == dedalus::stores::post_outcome::accepted);
    s.says(ends());
    const run_result done = s.run();
    CHECK(done.tool_results.at(0).outcome == tool_outcome::unknown_outcome);
    const std::string text = test::tool_text(s.sent.at(1).messages, "a");
    CHECK(text.find("the outcome is unknown") != std::string::npos);
    CHECK(text.find("a person says: the bank is closed") != std::string::npos);
    check_unknown(s, done, "a");
}

TEST_CASE("What was worth knowing is told again when the run is loaded")
{
    durable_scene s;
    leave_started(s, tool_effect::once);
    s.on_unknown_outcome = unknown_outcome_policy::tell_model;
    s.says(ends());
    CHECK(test::codes(s.run().diagnostics) == std::vector<std::string>{"unknown_outcome"});
    const run_result later = s.run();
    REQUIRE(test::codes(later.diagnostics) == std::vector<std::string>{"unknown_outcome"});
    CHECK(later.diagnostics[0].turn == 1);
    CHECK(later.diagnostics[0].text.find("the call a ") == 0);
}

TEST_CASE("A once call that took too long has an unknown outcome, a pure one has not")
{
    durable_scene s;
    s.add("once", {.timeout = std::chrono::milliseconds(5)}, never);
    s.add("pure", {.effect = tool_effect::pure, .timeout = std::chrono::milliseconds(5)}, never);
    s.says(asks("[" + pending_call("a", "once") + "," + pending_call("b", "pure") + "]"));
    s.says(ends());
    const run_result done = s.run();
    CHECK(done.tool_results.at(0).outcome == tool_outcome::timeout);
    CHECK(done.tool_results.at(1).outcome == tool_outcome::timeout);
    check_unknown(s, done, "a");
}

TEST_CASE("A run that fails for a call of unknown outcome says so of the call")
{
    durable_scene s;
    leave_started(s, tool_effect::once, {}, std::chrono::seconds(60), "," + pending_call("b", "act", "\"a\""));
    s.on_unknown_outcome = unknown_outcome_policy::fail_run;
    const run_result ended = s.run();
    CHECK(ended.stop_reason == stop_reason::unknown_tool_outcome);
    CHECK(ended.tool_results.at(0).outcome == tool_outcome::unknown_outcome);
    CHECK(ended.tool_results.at(1).outcome == tool_outcome::cancelled);
    check_unknown(s, ended, "a");
    CHECK(s.run().tool_results.at(0).outcome == tool_outcome::unknown_outcome);
}

TEST_CASE("A tool that was running when its run was ended from outside may have acted, unless it is pure")
{
    const tool_effect effect = GENERATE(tool_effect::once, tool_effect::keyed, tool_effect::pure);
    durable_scene s;
    s.lease = std::chrono::milliseconds(60);
    s.add("act", {.effect = effect}, [&s](json::object, dedalus::tool_context&) {
        return order_and_wait(s.inbox().cancel_run("r1"));
    });
    s.says(asks("[" + pending_call("a", "act") + "]"));
    const run_result ended = s.run();
    CHECK(ended.phase == run_phase::cancelled);
    if (effect != tool_effect::pure) {
        CHECK(ended.tool_results.at(0).outcome == tool_outcome::unknown_outcome);
        return check_unknown(s, ended, "a");
    }
    CHECK(ended.tool_results.at(0).outcome == tool_outcome::cancelled);
    CHECK(ended.unknown_outcomes.empty());
    CHECK(s.run().unknown_outcomes.empty());
}

TEST_CASE("A call that waits for a decision on its outcome is of unknown outcome when its run is ended")
{
    durable_scene s;
    leave_started(s, tool_effect::once);
    CHECK(s.run().stop_reason == stop_reason::unknown_tool_outcome);
    run_coro(s.inbox().cancel_run("r1"));
    const run_result ended = s.run();
    CHECK(ended.phase == run_phase::cancelled);
    CHECK(ended.tool_results.at(0).outcome == tool_outcome::unknown_outcome);
    check_unknown(s, ended, "a");
}

}  // namespace durable_unknown_test
