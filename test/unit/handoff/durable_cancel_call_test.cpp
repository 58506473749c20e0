#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace durable_cancel_call_test {

namespace asio = boost::asio;
namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using test::run_coro;
using test::tool_text;
using names = std::vector<std::string>;

namespace {

/// Orders the call to be cancelled while it runs, and goes on until it is.
asio::awaitable<json::value> order_own_end(durable_scene& s, dedalus::tool_context& context)  // borrowed: s
{
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    s.log.push_back(context.call_id() + "+");
    const dedalus::run_inbox inbox = s.inbox();
    co_await inbox.cancel_call("r1", context.call_id());
    s.stop->look();
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (!context.stop_requested()) {
        timer.expires_after(std::chrono::milliseconds(0));
        co_await timer.async_wait(asio::use_awaitable);
    }
    s.log.push_back(context.call_id() + "-");
    co_return "too late";
}

/// What became of the calls, as the run says when it ends and as the store has it.
void check_outcomes(durable_scene& s, const std::vector<tool_outcome>& outcomes)
{
    s.says(ends());
    const dedalus::run_result done = s.run();
    const dedalus::run_result again = s.run();
    for (const dedalus::run_result* r : {&done, &again}) {
        CHECK(r->phase == dedalus::run_phase::completed);
        REQUIRE(r->tool_results.size() == outcomes.size());
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            CHECK(r->tool_results[i].outcome == outcomes[i]);
    }
    CHECK(s.log.empty());
    CHECK(s.stored().inbox.empty());
}

void cancel(durable_scene& s, std::string call_id)
{
    CHECK(run_coro(s.inbox().cancel_call("r1", std::move(call_id))) == stores::post_outcome::accepted);
}

void reject(durable_scene& s, std::string call_id)
{
    CHECK(run_coro(s.inbox().reject("r1", std::move(call_id))) == stores::post_outcome::accepted);
}

void approve(durable_scene& s, std::string call_id)
{
    CHECK(run_coro(s.inbox().approve("r1", std::move(call_id))) == stores::post_outcome::accepted);
}

}  // namespace

TEST_CASE("A running call is cancelled alone: its tool is, the model is told, and what it gives all the same is late")
{
    const tool_effect effect = GENERATE(tool_effect::once, tool_effect::pure);
    durable_scene s;
    s.add("act", {.effect = effect}, [&s](json::object, dedalus::tool_context& context) {
        return order_own_end(s, context);
    });
    s.add("other", {});
    s.says(asks(
        "[" + pending_call("a", "act") + "," + pending_call("b", "other") + "," + pending_call("c", "other", R"("a")") +
        "]"
    ));
    s.says(ends());
    const dedalus::run_result r = s.run();
    CHECK(r.phase == dedalus::run_phase::completed);
    CHECK(s.log == names{"a+", "b", "a-"});
    CHECK(r.tool_results.at(0).outcome == tool_outcome::cancelled);
    CHECK(r.tool_results.at(1).outcome == tool_outcome::ok);
    CHECK(r.tool_results.at(2).outcome == tool_outcome::skipped_dependency);
    const std::string text = tool_text(s.sent.at(1).messages, "a");
    CHECK(text.find("a person cancelled this call") != std::string::npos);
    CHECK((text.find("its outcome is unknown") != std::string::npos) == (effect == tool_effect::once));
    CHECK(s.stored().inbox.empty());
    CHECK(s.run().tool_results.at(0).content == text);
}

TEST_CASE("A call that waits is cancelled when the run is resumed, and a decision that comes then is refused")
{
    durable_scene s;
    test::waiting_run(s);
    CHECK(run_coro(s.inbox().cancel_call("r1", "a")) == stores::post_outcome::accepted);
    s.says(ends());
    const dedalus::run_result r = s.run();
    CHECK(r.phase == dedalus::run_phase::completed);
    CHECK(r.tool_results.at(0).outcome == tool_outcome::cancelled);
    CHECK(r.tool_results.at(0).content == "Error: a person cancelled this call");
    CHECK(s.log.empty());
    CHECK(run_coro(s.inbox().approve("r1", "a")) == stores::post_outcome::refused);
}

TEST_CASE("Nothing becomes of cancelling a call that is not open, or by somebody who has only a token")
{
    durable_scene s;
    const dedalus::run_result waits = test::waiting_run(s);
    const dedalus::run_inbox of_token = s.inbox().with_token(waits.waiting.at(0).token);
    CHECK(run_coro(of_token.cancel_call("r1", "a")) == stores::post_outcome::refused);
    CHECK(run_coro(s.inbox().cancel_call("r1", "z")) == stores::post_outcome::accepted);
    CHECK(run_coro(s.inbox().approve("r1", "a")) == stores::post_outcome::accepted);
    s.says(ends());
    CHECK(s.run().tool_results.at(0).outcome == tool_outcome::ok);
}

TEST_CASE("Of what comes together about the end of one call that waits the first counts, and the run goes on")
{
    durable_scene s;
    test::waiting_run(s);
    SECTION("cancelled twice")
    {
        cancel(s, "a");
        cancel(s, "a");
        check_outcomes(s, {tool_outcome::cancelled});
    }
    SECTION("cancelled, and rejected")
    {
        cancel(s, "a");
        reject(s, "a");
        check_outcomes(s, {tool_outcome::cancelled});
    }
    SECTION("rejected, and cancelled")
    {
        reject(s, "a");
        cancel(s, "a");
        check_outcomes(s, {tool_outcome::rejected});
    }
    SECTION("cancelled, and approved")
    {
        cancel(s, "a");
        approve(s, "a");
        check_outcomes(s, {tool_outcome::cancelled});
    }
    SECTION("approved, and cancelled before it could run")
    {
        approve(s, "a");
        cancel(s, "a");
        check_outcomes(s, {tool_outcome::cancelled});
    }
}

TEST_CASE("Of a result from outside and an order to cancel its call the first counts")
{
    durable_scene s;
    s.add("ask", {.effect = tool_effect::external});
    s.says(asks("[" + pending_call("a", "ask") + "]"));
    CHECK(s.run().stop_reason == dedalus::stop_reason::external_result);
    const bool result_first = GENERATE(true, false);
    if (!result_first)
        cancel(s, "a");
    CHECK(run_coro(s.inbox().provide_result("r1", "a", "parcel 17")) == stores::post_outcome::accepted);
    if (result_first)
        cancel(s, "a");
    check_outcomes(s, {result_first ? tool_outcome::ok : tool_outcome::cancelled});
}

TEST_CASE("A call and one that needs it are ended together, in any order")
{
    durable_scene s;
    s.add("book", {.effect = tool_effect::once, .needs_approval = true});
    s.says(asks("[" + pending_call("a", "book") + "," + pending_call("b", "book", R"("a")") + "]"));
    CHECK(s.run().stop_reason == dedalus::stop_reason::approval);
    SECTION("cancelled")
    {
        cancel(s, "a");
        cancel(s, "b");
        check_outcomes(s, {tool_outcome::cancelled, tool_outcome::skipped_dependency});
    }
    SECTION("cancelled the other way round")
    {
        cancel(s, "b");
        cancel(s, "a");
        check_outcomes(s, {tool_outcome::cancelled, tool_outcome::cancelled});
    }
    SECTION("rejected, and cancelled")
    {
        reject(s, "a");
        cancel(s, "b");
        check_outcomes(s, {tool_outcome::rejected, tool_outcome::skipped_dependency});
    }
    SECTION("cancelled, and rejected")
    {
        cancel(s, "b");
        reject(s, "a");
        check_outcomes(s, {tool_outcome::rejected, tool_outcome::cancelled});
    }
}

}  // namespace durable_cancel_call_test
