#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/stores/memory.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// People and stops as a user meets them: on handoff_loop itself, over TLS.
namespace handoff_people_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using dedalus::stores::post_outcome;
using dedalus::testing::server;
using names = std::vector<std::string>;

namespace {

using step = std::function<asio::awaitable<void>(const dedalus::handoff_loop& loop)>;

/// What the tools of the test server's handoff do here, and what happens in them.
struct people_scene
{
    server s;
    std::shared_ptr<dedalus::memory_run_store> store = std::make_shared<dedalus::memory_run_store>();
    names log;
    dedalus::tool_options calendar{.effect = tool_effect::pure};
    dedalus::tool_options booking{.effect = tool_effect::once};
    std::function<void()> in_calendar{};
    bool calendar_hangs = false;

    dedalus::tool_registry tools()
    {
        dedalus::tool_registry tools;
        dedalus::function_definition definition;
        definition.name = "read_calendar";
        tools.add(
            definition, [this](json::object, dedalus::tool_context&) { return read_calendar(); }, calendar
        );
        definition.name = "confirm_booking";
        tools.add(
            definition, [this](json::object, dedalus::tool_context&) { return work("confirm_booking"); }, booking
        );
        return tools;
    }

    asio::awaitable<json::value> work(std::string name)
    {
        log.push_back(name);
        co_return json::string(name + " done");
    }

    asio::awaitable<json::value> read_calendar()
    {
        log.emplace_back("read_calendar");
        if (in_calendar)
            in_calendar();
        if (calendar_hangs) {
            asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
            co_await timer.async_wait(asio::use_awaitable);
        }
        co_return json::string("free on Monday");
    }
};

/// A process: a client and a loop of its own over the store of the scene.
asio::awaitable<void> process(people_scene& p, step body)  // borrowed: p
{
    dedalus::client_options options = test::options_for(p.s);
    dedalus::client client(co_await asio::this_coro::executor, std::move(options));
    dedalus::handoff_options handoff;
    handoff.store = p.store;
    const dedalus::handoff_loop loop(std::move(client), p.tools(), std::move(handoff));
    co_await body(loop);
}

dedalus::chat_completion_request question()
{
    dedalus::chat_completion_request request;
    request.model = "openai/gpt-5-nano";
    request.messages.emplace_back(dedalus::user_message{"Book a flight and send me the invoice."});
    return request;
}

asio::awaitable<void> keep(asio::awaitable<dedalus::run_result> followed, dedalus::run_result& into)  // borrowed: into
{
    into = co_await std::move(followed);
}

dedalus::run_result begin(people_scene& p)
{
    dedalus::run_result result;
    const dedalus::chat_completion_request request = question();
    test::run_coro(process(p, [&](const dedalus::handoff_loop& loop) {
        return keep(loop.run_or_resume("order-1", request), result);
    }));
    return result;
}

dedalus::run_result resume(people_scene& p)
{
    dedalus::run_result result;
    test::run_coro(process(p, [&](const dedalus::handoff_loop& loop) { return keep(loop.resume("order-1"), result); }));
    return result;
}

asio::awaitable<void> keep_outcome(asio::awaitable<post_outcome> posted, post_outcome& into)  // borrowed: into
{
    into = co_await std::move(posted);
}

post_outcome decide(people_scene& p, std::function<asio::awaitable<post_outcome>(const dedalus::handoff_loop&)> how)
{
    post_outcome outcome = post_outcome::refused;
    test::run_coro(process(p, [&](const dedalus::handoff_loop& loop) { return keep_outcome(how(loop), outcome); }));
    return outcome;
}

const dedalus::tool_result& booking_of(const dedalus::run_result& result)
{
    REQUIRE(result.tool_results.size() == 2);
    return result.tool_results[1];
}

}  // namespace

TEST_CASE("a run waits for a person, another process approves, and a third one goes on")
{
    people_scene p;
    p.booking.needs_approval = true;
    const dedalus::run_result waits = begin(p);
    REQUIRE(waits.stop_reason == stop_reason::approval);
    REQUIRE(waits.waiting.size() == 1);
    CHECK(p.log == names{"read_calendar"});
    CHECK(!waits.waiting[0].token.empty());
    const std::string id = waits.waiting[0].call_id;

    CHECK(decide(p, [&](const auto& loop) { return loop.approve(waits.run_id, id); }) == post_outcome::accepted);
    CHECK(decide(p, [&](const auto& loop) {
              return loop.reject(waits.run_id, id, "no");
          }) == post_outcome::already_decided);
    const dedalus::run_result done = resume(p);
    CHECK(done.phase == run_phase::completed);
    CHECK(p.log == names{"read_calendar", "confirm_booking"});
    CHECK(booking_of(done).outcome == tool_outcome::ok);
}

TEST_CASE("a rejected call is not run, and the run goes on without it")
{
    people_scene p;
    p.booking.needs_approval = true;
    const dedalus::run_result waits = begin(p);
    REQUIRE(waits.waiting.size() == 1);
    const std::string id = waits.waiting[0].call_id;
    CHECK(decide(p, [&](const auto& loop) {
              return loop.reject("order-1", id, "too dear");
          }) == post_outcome::accepted);
    const dedalus::run_result done = begin(p);  // run_or_resume() goes on, too
    CHECK(done.phase == run_phase::completed);
    CHECK(p.log == names{"read_calendar"});
    CHECK(booking_of(done).outcome == tool_outcome::rejected);
}

TEST_CASE("a result comes from outside, by the token of the process that made the call wait")
{
    people_scene p;
    p.booking.effect = tool_effect::external;
    const dedalus::run_result waits = begin(p);
    REQUIRE(waits.stop_reason == stop_reason::external_result);
    const std::string id = waits.waiting.at(0).call_id;
    const std::string token = waits.waiting[0].token;
    CHECK(decide(p, [&](const auto& loop) {
              return loop.inbox().with_token("guessed").provide_result("order-1", id, "B-9");
          }) == post_outcome::refused);
    CHECK(decide(p, [&](const auto& loop) {
              return loop.inbox().with_token(token).provide_result("order-1", id, "B-9");
          }) == post_outcome::accepted);
    const dedalus::run_result done = resume(p);
    CHECK(done.phase == run_phase::completed);
    CHECK(booking_of(done).content == "B-9");
}

TEST_CASE("stop_now suspends a run whose tool hangs, and a tool that may run twice does so when it is resumed")
{
    people_scene p;
    p.calendar_hangs = true;
    dedalus::run_result stopped;
    const dedalus::chat_completion_request request = question();
    test::run_coro(process(p, [&](const dedalus::handoff_loop& loop) {
        p.in_calendar = [&loop] { loop.stop_now(); };  // a copy would outlive the context
        return keep(loop.run_or_resume("order-1", request), stopped);
    }));
    CHECK(stopped.phase == run_phase::suspended);
    CHECK(stopped.stop_reason == stop_reason::stopped);
    p.in_calendar = {};
    p.calendar_hangs = false;
    CHECK(resume(p).phase == run_phase::completed);
    CHECK(p.log == names{"read_calendar", "read_calendar", "confirm_booking"});
}

TEST_CASE("stop_after_turn lets the calls of the turn end and sends no further request")
{
    people_scene p;
    dedalus::run_result stopped;
    const dedalus::chat_completion_request request = question();
    test::run_coro(process(p, [&](const dedalus::handoff_loop& loop) {
        p.in_calendar = [&loop] { loop.stop_after_turn(); };
        return keep(loop.run_or_resume("order-1", request), stopped);
    }));
    CHECK(stopped.stop_reason == stop_reason::stopped);
    CHECK(p.log == names{"read_calendar", "confirm_booking"});
    CHECK(p.s.requests().size() == 1);
    p.in_calendar = {};
    CHECK(resume(p).phase == run_phase::completed);
    CHECK(p.log == names{"read_calendar", "confirm_booking"});
    CHECK(p.s.requests().size() == 2);
}

}  // namespace handoff_people_test
