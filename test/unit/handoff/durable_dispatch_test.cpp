#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable_dispatch_test {

namespace asio = boost::asio;
namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::stop_reason;
using dedalus::tool_effect;
using test::asks;
using test::durable_scene;
using test::ends;
using test::run_coro;
using names = std::vector<std::string>;

namespace {

/// Logs what it tells the outside, whether the store knows of the wait by then, and fails as often.
asio::awaitable<void> notify(durable_scene& s, std::string what, int failures)  // borrowed: s
{
    stores::load_request request;
    request.run_id = "r1";
    const stores::load_result loaded = co_await s.store->load(std::move(request));
    s.log.push_back(what + (loaded.run.waits.empty() ? " too early" : ""));
    if (static_cast<int>(s.log.size()) <= failures)
        throw std::runtime_error("no answer");
}

void add_external(durable_scene& s, int failures = 0)
{
    dedalus::tool_options options;
    options.effect = tool_effect::external;
    options.dispatch = [&s, failures](json::object arguments, dedalus::tool_context& context) {
        return notify(s, context.idempotency_key() + json::serialize(arguments), failures);
    };
    s.add("ship", std::move(options));
    s.says(asks(R"([{"id":"a","name":"ship","arguments":{"n":1}}])"));
}

}  // namespace

TEST_CASE("The outside is told of a call when its wait is stored, once, and the call ends with its result")
{
    durable_scene s;
    add_external(s);
    CHECK(s.run().stop_reason == stop_reason::external_result);
    CHECK(s.log == names{R"(r1/a{"n":1})"});
    CHECK(s.run().stop_reason == stop_reason::external_result);
    CHECK(s.log.size() == 1);
    CHECK(run_coro(s.inbox().provide_result("r1", "a", "parcel 17")) == stores::post_outcome::accepted);
    s.says(ends());
    const dedalus::run_result r = s.run();
    CHECK(r.tool_results.at(0).content == "parcel 17");
    CHECK(s.log.size() == 1);
}

TEST_CASE("A dispatch that fails is a diagnostic, and is called again under its key when the run is resumed")
{
    durable_scene s;
    add_external(s, 1);
    const dedalus::run_result first = s.run();
    CHECK(first.stop_reason == stop_reason::external_result);
    const auto is_failed = [](const dedalus::run_diagnostic& d) { return d.code == "dispatch_failed"; };
    CHECK(std::any_of(first.diagnostics.begin(), first.diagnostics.end(), is_failed));
    // Nobody outside would ever end the wait: a worker finds the run.
    CHECK(run_coro(s.store->list_resumable({})).empty());
    s.passed += s.lease;
    CHECK(run_coro(s.store->list_resumable({})) == names{"r1"});
    CHECK(s.run().stop_reason == stop_reason::external_result);
    CHECK(s.log == names{R"(r1/a{"n":1})", R"(r1/a{"n":1})"});
    CHECK_FALSE(s.stored().head.wakeup_at);
    s.run();
    CHECK(s.log.size() == 2);
}

TEST_CASE("The longer a dispatch has failed, the longer is the time until it is called again, up to an hour")
{
    durable_scene s;
    add_external(s, 1000);
    const auto pause_after = [&s](std::chrono::milliseconds waited) {
        s.passed = waited;
        s.run();
        return std::chrono::duration_cast<std::chrono::milliseconds>(s.stored().head.wakeup_at.value() - s.now());
    };
    CHECK(pause_after(std::chrono::seconds(0)) == s.lease);
    CHECK(pause_after(s.lease) == s.lease);
    CHECK(pause_after(8 * s.lease) == 2 * s.lease);
    CHECK(pause_after(std::chrono::hours(24)) == std::chrono::hours(1));
    CHECK(s.log.size() == 4);
}

TEST_CASE("A dispatch whose end its process did not see is called again")
{
    durable_scene s;
    add_external(s);
    // Create, acquire, intent, answer, wait, and here that the outside was told.
    s.store->arm(dedalus::store_failpoint::before_commit, 6, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    CHECK(s.log.size() == 1);
    CHECK(s.run().stop_reason == stop_reason::external_result);
    CHECK(s.log.size() == 2);
}

TEST_CASE("A call that needs an approval is dispatched after it, with the arguments that a person has put in")
{
    durable_scene s;
    dedalus::tool_options options;
    options.effect = tool_effect::external;
    options.needs_approval = true;
    options.dispatch = [&s](json::object arguments, dedalus::tool_context&) {
        return notify(s, json::serialize(arguments), 0);
    };
    s.add("ship", std::move(options));
    s.says(asks(R"([{"id":"a","name":"ship","arguments":{"n":1}}])"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(s.log.empty());
    run_coro(s.inbox().approve_edited("r1", "a", {{"n", 2}}));
    CHECK(s.run().stop_reason == stop_reason::external_result);
    CHECK(s.log == names{R"({"n":2})"});
}

}  // namespace durable_dispatch_test
