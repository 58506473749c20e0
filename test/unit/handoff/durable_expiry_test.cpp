#include "stores/forwarding_store.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace durable_expiry_test {

namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using stores::post_outcome;
using test::durable_scene;
using test::ends;
using test::leave_started;
using test::pending_call;
using test::run_coro;
using test::waiting_run;
using names = std::vector<std::string>;

TEST_CASE("What becomes of a call that nobody decides on in time is said by its tool")
{
    durable_scene s;
    dedalus::tool_options options;
    options.wait_limit = std::chrono::hours(1);
    options.effect = tool_effect::keyed;
    SECTION("it is rejected")
    {
        waiting_run(s, std::move(options));
        s.passed += std::chrono::hours(1);
        s.says(ends());
        const dedalus::run_result done = s.run();
        CHECK(done.tool_results.at(0).outcome == tool_outcome::expired);
        CHECK(s.log.empty());
    }
    SECTION("the run fails")
    {
        options.on_expiry = dedalus::wait_expiry::fail_run;
        waiting_run(s, std::move(options));
        s.passed += std::chrono::hours(1);
        const dedalus::run_result failed = s.run();
        CHECK(failed.phase == run_phase::failed);
        CHECK(failed.stop_reason == stop_reason::expired);
        CHECK(s.run().stop_reason == stop_reason::expired);
        CHECK(s.sent.size() == 1);
    }
    SECTION("it waits as long again, under the same token")
    {
        options.on_expiry = dedalus::wait_expiry::keep;
        const dedalus::run_result first = waiting_run(s, std::move(options));
        s.passed += std::chrono::hours(1);
        const dedalus::run_result waits = s.run();
        CHECK(waits.stop_reason == stop_reason::approval);
        CHECK(waits.waiting.at(0).expires_at == s.now() + std::chrono::hours(1));
        const dedalus::run_inbox holder = s.inbox().with_token(first.waiting[0].token);
        CHECK(run_coro(holder.approve("r1", "a")) == post_outcome::accepted);
    }
    SECTION("it runs")
    {
        options.on_expiry = dedalus::wait_expiry::auto_approve;
        waiting_run(s, std::move(options));
        s.passed += std::chrono::hours(1);
        s.says(ends());
        CHECK(s.run().phase == run_phase::completed);
        CHECK(s.log == names{R"(a{"n":1})"});
    }
    SECTION("a decision that came in time counts, however late the run is resumed")
    {
        options.on_expiry = dedalus::wait_expiry::fail_run;
        waiting_run(s, std::move(options));
        CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
        s.passed += std::chrono::hours(2);
        s.says(ends());
        CHECK(s.run().phase == run_phase::completed);
        CHECK(s.log == names{R"(a{"n":1})"});
    }
}

TEST_CASE("A call that may wait longer than a clock can count waits without a limit")
{
    durable_scene s;
    dedalus::tool_options options;
    options.wait_limit = std::chrono::hours(24) * 365 * 1000;
    const dedalus::run_result waits = waiting_run(s, std::move(options));
    CHECK_FALSE(waits.waiting[0].expires_at);
    CHECK(run_coro(s.store->list_resumable({})).empty());
    CHECK(s.run().stop_reason == stop_reason::approval);
}

TEST_CASE("A run whose time is over is not gone on with")
{
    durable_scene s;
    s.definition.expires_at = s.now() + std::chrono::hours(24);
    waiting_run(s);
    CHECK(run_coro(s.store->list_resumable({})).empty());
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    s.passed += std::chrono::hours(24);
    const dedalus::run_result expired = s.run();
    CHECK(expired.phase == run_phase::expired);
    CHECK(expired.stop_reason == stop_reason::expired);
    CHECK(s.log.empty());
    CHECK(s.run().phase == run_phase::expired);
    CHECK(s.sent.size() == 1);
}

TEST_CASE("The clock of the store decides whether a wait is over, whatever the clock of the worker shows")
{
    durable_scene s;
    s.store_ahead = GENERATE(std::chrono::hours(5), std::chrono::hours(-5), std::chrono::hours(0));
    s.jumped = GENERATE(std::chrono::hours(0), std::chrono::hours(9), std::chrono::hours(-9));
    dedalus::tool_options options;
    options.wait_limit = std::chrono::hours(1);
    const dedalus::run_result waits = waiting_run(s, std::move(options));
    CHECK(waits.waiting[0].expires_at == s.now() + s.store_ahead + std::chrono::hours(1));
    s.passed += std::chrono::minutes(59);
    CHECK(run_coro(s.store->list_resumable({})).empty());
    CHECK(s.run().stop_reason == stop_reason::approval);
    s.passed += std::chrono::minutes(1);
    CHECK(run_coro(s.store->list_resumable({})) == names{"r1"});
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(done.tool_results.at(0).outcome == tool_outcome::expired);
}

TEST_CASE("The clock of the store decides whether a run is over")
{
    durable_scene s;
    s.store_ahead = GENERATE(std::chrono::hours(50), std::chrono::hours(-50));
    s.definition.expires_at = s.now() + std::chrono::hours(24);
    waiting_run(s);
    s.jumped = GENERATE(std::chrono::hours(0), std::chrono::hours(90), std::chrono::hours(-90));
    s.passed += std::chrono::hours(23);
    CHECK(run_coro(s.store->list_resumable({})).empty());
    CHECK(s.run().stop_reason == stop_reason::approval);
    s.passed += std::chrono::hours(1);
    CHECK(run_coro(s.store->list_resumable({})) == names{"r1"});
    CHECK(s.run().phase == run_phase::expired);
}

TEST_CASE("A suspended run wakes up when its time is over")
{
    durable_scene s;
    s.definition.expires_at = s.now() + std::chrono::hours(24);
    waiting_run(s);
    s.passed += std::chrono::hours(24);
    CHECK(run_coro(s.store->list_resumable({})) == names{"r1"});
    CHECK(s.run().phase == run_phase::expired);
}

namespace {

stores::late_request late_end(durable_scene& s, std::int64_t fence, tool_outcome outcome)
{
    dedalus::handoff_core::tool_end end;
    end.outcome = outcome;
    end.content = "it was late";
    end.value = "it was late";
    stores::late_request request;
    request.run_id = "r1";
    request.result.key.call_id = "a";
    request.result.fence = fence;
    request.result.body = dedalus::handoff_core::finish_body(end, s.now());
    return request;
}

stores::late_outcome put_late(durable_scene& s, std::int64_t fence, tool_outcome outcome)
{
    return run_coro(s.store->put_late_result(late_end(s, fence, outcome)));
}

/// A store in which a late result arrives when somebody looks for the nth time.
class late_store final : public test::forwarding_store
{
public:
    late_store(std::shared_ptr<dedalus::run_store> to, stores::late_request late, int nth)
        : forwarding_store(std::move(to)), late_(std::move(late)), left_(nth)
    {}

    awaitable<stores::load_result> load(stores::load_request r) override
    {
        if (--left_ == 0) {
            stores::late_request late = late_;
            co_await to_->put_late_result(std::move(late));
        }
        co_return co_await to_->load(std::move(r));
    }

private:
    stores::late_request late_;
    int left_;
};

dedalus::run_result run_over(durable_scene& s, std::shared_ptr<dedalus::run_store> store)
{
    auto in = std::make_shared<test::engine::durable_input>(*s.input());
    in->store = std::move(store);
    return run_coro(durable_scene::follow(in, s.stop));
}

}  // namespace

TEST_CASE("A run that may wait for the late result of a former owner takes it, and no longer than a lease")
{
    const int nth = GENERATE(4, 1000);
    const auto policy =
        GENERATE(dedalus::unknown_outcome_policy::tell_model, dedalus::unknown_outcome_policy::fail_run);
    durable_scene s;
    leave_started(s, tool_effect::once);
    s.on_unknown_outcome = policy;
    s.wait_for_late_results = true;
    s.lease = std::chrono::milliseconds(100);
    s.says(ends());
    const auto store = std::make_shared<late_store>(s.store, late_end(s, 1, tool_outcome::ok), nth);
    const dedalus::run_result done = run_over(s, store);
    CHECK((done.tool_results.at(0).outcome == tool_outcome::ok) == (nth == 4));
    CHECK((done.phase == run_phase::failed) == (nth > 4 && policy == dedalus::unknown_outcome_policy::fail_run));
}

TEST_CASE("A run that may not wait for a late result decides at once")
{
    durable_scene s;
    leave_started(s, tool_effect::once);
    s.on_unknown_outcome = dedalus::unknown_outcome_policy::tell_model;
    s.says(ends());
    const auto store = std::make_shared<late_store>(s.store, late_end(s, 1, tool_outcome::ok), 3);
    CHECK(run_over(s, store).tool_results.at(0).outcome == tool_outcome::unknown_outcome);
}

TEST_CASE("A result that a former owner could not record any more is adopted by the next one")
{
    durable_scene s;
    leave_started(s, tool_effect::once);
    SECTION("when it takes the run up")
    {
        CHECK(put_late(s, 1, tool_outcome::ok) == stores::late_outcome::stored);
    }
    SECTION("while the call waits for a decision")
    {
        CHECK(s.run().stop_reason == stop_reason::unknown_tool_outcome);
        CHECK(put_late(s, 1, tool_outcome::ok) == stores::late_outcome::stored);
    }
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(done.tool_results.at(0).outcome == tool_outcome::ok);
    CHECK(test::tool_text(s.sent.at(1).messages, "a") == "it was late");
    CHECK(s.log == names{"a"});
}

TEST_CASE("What depends on a call of unknown outcome is not run")
{
    durable_scene s;
    leave_started(s, tool_effect::once, {}, std::chrono::seconds(60), "," + pending_call("b", "act", "\"a\""));
    s.on_unknown_outcome = dedalus::unknown_outcome_policy::tell_model;
    s.says(ends());
    const dedalus::run_result done = s.run();
    REQUIRE(done.tool_results.size() == 2);
    CHECK(done.tool_results[0].outcome == tool_outcome::unknown_outcome);
    CHECK(done.tool_results[1].outcome == tool_outcome::skipped_dependency);
    CHECK(s.log == names{"a"});
}

TEST_CASE("A late end that is not certain, or of another attempt, is not adopted")
{
    durable_scene s;
    leave_started(s, tool_effect::once);
    SECTION("the tool was cancelled")
    {
        put_late(s, 1, tool_outcome::cancelled);
    }
    SECTION("its time limit had passed")
    {
        put_late(s, 1, tool_outcome::timeout);
    }
    SECTION("an owner who had not started it")
    {
        put_late(s, 7, tool_outcome::ok);
    }
    CHECK(s.run().stop_reason == stop_reason::unknown_tool_outcome);
}

}  // namespace durable_expiry_test
