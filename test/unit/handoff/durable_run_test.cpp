#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>
#include <dedalus/stores/store_error.hpp>

#include "stores/forwarding_store.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/error.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace durable_run_test {

namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using dedalus::tool_outcome;
using dedalus::unknown_outcome_policy;
using dedalus::unknown_send_policy;
using stores::post_outcome;
using test::asks;
using test::durable_scene;
using test::ends;
using test::leave_started;
using test::pending_call;
using test::run_coro;
using names = std::vector<std::string>;

namespace {

dedalus::connection_error cut()
{
    return {dedalus::call_phase::body, boost::asio::error::connection_reset, "cut"};
}

/// Counts how often a log was asked for from its beginning.
class log_counting_store final : public test::forwarding_store
{
public:
    using forwarding_store::forwarding_store;

    awaitable<stores::load_result> load(stores::load_request r) override
    {
        logs += r.from_seq == 1 ? 1 : 0;
        return to_->load(std::move(r));
    }

    int logs = 0;
};

}  // namespace

TEST_CASE("A run that has ended tells how often it was taken up, whoever opens it")
{
    durable_scene s;
    leave_started(s, tool_effect::pure);
    s.says(ends());
    CHECK(s.run().resumes == 1);
    CHECK(s.run().resumes == 1);
    CHECK(s.stored().fence == 2);
}

TEST_CASE("The log of a run that nobody has worked on since it was looked at is read once")
{
    durable_scene s;
    test::waiting_run(s);
    run_coro(s.inbox().approve("r1", "a"));
    s.says(ends());
    auto input = s.input();
    const auto store = std::make_shared<log_counting_store>(s.store);
    input->store = store;
    CHECK(run_coro(durable_scene::follow(std::move(input), s.stop)).phase == run_phase::completed);
    CHECK(store->logs == 1);
}

TEST_CASE("A call that was started and not seen to end is judged by its effect")
{
    durable_scene s;
    SECTION("once: it waits for a decision, here a result")
    {
        leave_started(s, tool_effect::once);
        const dedalus::run_result waits = s.run();
        CHECK(waits.stop_reason == stop_reason::unknown_tool_outcome);
        CHECK(waits.unknown_outcomes.size() == 1);
        CHECK(run_coro(s.inbox().provide_result("r1", "a", "it was done")) == post_outcome::accepted);
        s.says(ends());
        CHECK(s.run().phase == run_phase::completed);
        CHECK(test::tool_text(s.sent[1].messages, "a") == "it was done");
        CHECK(s.log == names{"a"});
    }
    SECTION("once: approved, it runs once more")
    {
        leave_started(s, tool_effect::once);
        CHECK(s.run().phase == run_phase::suspended);
        CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
        s.says(ends());
        const dedalus::run_result done = s.run();
        CHECK(s.log == names{"a", "a"});
        CHECK(done.tool_results[0].attempts == 2);
    }
    SECTION("once: the model is told")
    {
        leave_started(s, tool_effect::once);
        s.on_unknown_outcome = unknown_outcome_policy::tell_model;
        s.says(ends());
        const dedalus::run_result done = s.run();
        CHECK(done.tool_results[0].outcome == tool_outcome::unknown_outcome);
        CHECK(test::tool_text(s.sent[1].messages, "a").find("unknown") != std::string::npos);
        CHECK(s.log == names{"a"});
    }
    SECTION("once: the run fails")
    {
        leave_started(s, tool_effect::once);
        s.on_unknown_outcome = unknown_outcome_policy::fail_run;
        CHECK(s.run().stop_reason == stop_reason::unknown_tool_outcome);
        CHECK(s.run().phase == run_phase::failed);
        CHECK(s.sent.size() == 1);
    }
    SECTION("pure, keyed and transactional: it runs again")
    {
        leave_started(s, GENERATE(tool_effect::pure, tool_effect::keyed, tool_effect::transactional));
        s.says(ends());
        const dedalus::run_result done = s.run();
        CHECK(done.phase == run_phase::completed);
        CHECK(s.log == names{"a", "a"});
    }
}

TEST_CASE("An open call of a tool that is not registered here waits for a process that has it")
{
    durable_scene s;
    s.add("book", {.effect = tool_effect::once, .needs_approval = true});
    s.says(asks("[" + pending_call("a", "book") + "]"));
    CHECK(s.run().phase == run_phase::suspended);
    const dedalus::tool_registry all = std::exchange(s.tools, dedalus::tool_registry());
    CHECK(s.run().stop_reason == stop_reason::toolset_changed);
    // Not at once, so that who lacks the tool does not turn in circles; but a worker that has it finds the run.
    CHECK(run_coro(s.store->list_resumable({})).empty());
    s.passed += s.lease;
    CHECK(run_coro(s.store->list_resumable({})) == names{"r1"});
    s.tools = all;
    run_coro(s.inbox().approve("r1", "a"));
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("A request whose answer never came is sent again under its key, and charged")
{
    durable_scene s;
    s.fails(cut());
    s.fails(test::refusal(503, "busy"));
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    REQUIRE(s.bodies.size() == 3);
    CHECK(s.bodies[0] == s.bodies[1]);
    CHECK(s.bodies[0] == s.bodies[2]);
    CHECK(s.keys[0] == s.keys[1]);
    CHECK(s.keys[0].rfind("r1/1/", 0) == 0);
    CHECK(done.llm_turns.charged_unknown == 4);
    CHECK(done.llm_turns.spent() == 5);
    CHECK(done.unknown_outcomes.size() == 2);
    CHECK(done.usage_incomplete);
}

TEST_CASE("A run whose server is away is suspended and can be taken up later")
{
    durable_scene s;
    for (int i = 0; i < 3; ++i)
        s.fails(dedalus::connection_error(dedalus::call_phase::connect, boost::asio::error::connection_refused, "away")
        );
    const dedalus::run_result waits = s.run();
    CHECK(waits.phase == run_phase::suspended);
    CHECK(waits.stop_reason == stop_reason::retry_after);
    CHECK(waits.llm_turns.spent() == 0);
    CHECK(s.stored().head.wakeup_at);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
}

TEST_CASE("A run that must not repeat requests is suspended when an answer never came")
{
    durable_scene s;
    s.on_unknown_send = unknown_send_policy::suspend;
    s.fails(cut());
    CHECK(s.run().stop_reason == stop_reason::unknown_send_outcome);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.bodies.size() == 2);
}

TEST_CASE("Refused credentials and open bills suspend a run, other refusals end it")
{
    durable_scene s;
    SECTION("credentials")
    {
        s.fails(test::refusal(401, "who are you"));
        CHECK(s.run().stop_reason == stop_reason::auth);
        s.says(ends());
        const dedalus::run_result done = s.run();
        CHECK(done.phase == run_phase::completed);
        CHECK(done.llm_turns.spent() == 1);
        CHECK(s.keys[0] != s.keys[1]);
    }
    SECTION("bills")
    {
        s.fails(test::refusal(402, "pay"));
        CHECK(s.run().stop_reason == stop_reason::payment);
        CHECK(s.stored().head.phase == run_phase::suspended);
    }
    SECTION("others")
    {
        s.fails(test::refusal(400, "no such model"));
        CHECK_THROWS_AS(s.run(), dedalus::api_error);
        const dedalus::run_result again = s.run();
        CHECK(again.phase == run_phase::failed);
        CHECK(again.stop_reason == stop_reason::error);
        CHECK(s.sent.size() == 1);
    }
}

TEST_CASE("A lost session is replaced step by step, and the step survives a resume")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure});
    s.says(asks(
        "[" + pending_call("a", "look") + "]",
        R"(,"correlation_id":"c1","deferred":[ {"id":"d","name":"x","arguments":{"n":1.0,"n":1e2}} ])"
    ));
    s.fails(test::refusal(404, "no such session"));
    for (int i = 0; i < 3; ++i)
        s.fails(test::refusal(429, "slow down"));
    CHECK(s.run().stop_reason == stop_reason::retry_after);
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.sent[1].correlation_id == "c1");
    CHECK(s.sent[1].deferred_calls_raw == R"([ {"id":"d","name":"x","arguments":{"n":1.0,"n":1e2}} ])");
    CHECK_FALSE(s.sent.back().correlation_id);
    CHECK(s.sent.back().deferred_calls_raw == s.sent[1].deferred_calls_raw);
    CHECK(s.log == names{"a"});
}

TEST_CASE("That the server does not know the Dedalus members is kept when the run is taken up again")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure});
    s.fails(test::refusal(400, "unknown field: handoff_mode"));
    for (int i = 0; i < 3; ++i)
        s.fails(test::refusal(429, "slow down"));
    CHECK(s.run().stop_reason == stop_reason::retry_after);
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(s.sent.front().handoff_mode == true);
    CHECK_FALSE(s.sent.back().handoff_mode);
    CHECK_FALSE(s.sent.back().max_turns);
    CHECK(s.keys.back() == s.keys.front().substr(0, 5) + s.keys[1].substr(5, 16) + "/e4");
}

TEST_CASE("Asked to stop after the turn, a run ends its calls and is suspended before the next request")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure}, [&s](json::object, dedalus::tool_context& context) {
        s.stop->after_turn();
        return s.work(context.call_id());
    });
    s.says(asks("[" + pending_call("a", "look") + "]"));
    const dedalus::run_result stopped = s.run();
    CHECK(stopped.stop_reason == stop_reason::stopped);
    CHECK(stopped.tool_results.size() == 1);
    s.stop = std::make_shared<test::engine::run_stop>();
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"a"});
}

TEST_CASE("A run that somebody else has is left alone")
{
    durable_scene s;
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);

    durable_scene other;
    other.add("act", {.effect = tool_effect::once});
    other.says(asks("[" + pending_call("a", "act") + "]"));
    other.lease = std::chrono::milliseconds(100);
    other.store->arm(dedalus::store_failpoint::drop_connection, 3);
    CHECK_THROWS_AS(other.run(), dedalus::store_error);
    other.store->reconnect();
    const dedalus::run_result held = other.run();
    CHECK(held.phase == run_phase::executing);
    CHECK(held.stop_reason == stop_reason::held);
    CHECK(other.sent.empty());
}

TEST_CASE("A process that loses its run says so and nothing else")
{
    durable_scene s;
    s.add("act", {.effect = tool_effect::once});
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.store->arm(dedalus::store_failpoint::stale_fence, 5);
    const dedalus::run_result lost = s.run();
    CHECK(lost.stop_reason == stop_reason::fenced);
    CHECK(lost.messages.empty());
    CHECK(s.log.empty());
}

TEST_CASE("A write whose answer is lost is repeated and done once")
{
    durable_scene s;
    s.add("act", {.effect = tool_effect::once});
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
    s.store->arm(dedalus::store_failpoint::after_commit_before_ack, GENERATE(1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U));
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"a"});
    CHECK(s.sent.size() == 2);
}

TEST_CASE("Credentials are sent and never stored")
{
    durable_scene s;
    dedalus::credential secret;
    secret.connection_name = "github";
    secret.values["token"] = "planted-secret";
    s.definition.needs_credentials = true;
    CHECK(s.run().stop_reason == stop_reason::auth);
    s.credentials = secret;
    s.says(ends());
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.bodies[0].find("planted-secret") != std::string::npos);
    const stores::stored_run run = s.stored();
    std::string all = run.head.bytes;
    for (const stores::log_entry& entry : run.entries)
        all += entry.body + entry.raw;
    CHECK(all.find("planted-secret") == std::string::npos);
}

TEST_CASE("A damaged log is refused before anything is sent")
{
    durable_scene s;
    s.definition.max_turns = 1;
    stores::create_request request;
    request.run_id = "r1";
    request.op_id = "op";
    test::core::checkpoint_head head;
    head.run_id = "r1";
    head.last_seq = 1;
    head.budget.limit = 1;
    request.head = test::core::encode_head(head);
    stores::log_entry& entry = request.entries.emplace_back();
    entry.seq = 1;
    entry.kind = "input";
    entry.body = R"({"no":"request"})";
    entry.crc32c = stores::checksum(entry);
    REQUIRE(run_coro(s.store->create(request)) == stores::create_outcome::created);
    try {
        s.run();
        FAIL("nothing was thrown");
    }
    catch (const dedalus::store_error& e) {
        REQUIRE(e.partial_run() != nullptr);
        CHECK(e.partial_run()->run_id == "r1");
        CHECK(e.partial_run()->stop_reason == stop_reason::corrupt_checkpoint);
    }
    CHECK(s.sent.empty());
}

TEST_CASE("A run whose store fails tells what it had done, and that it was the store")
{
    durable_scene s;
    s.says(ends());
    s.store->arm(
        dedalus::store_failpoint::before_commit,
        4,
        std::make_exception_ptr(dedalus::store_error(dedalus::store_errc::unsupported, "broken"))
    );
    try {
        s.run();
        FAIL("nothing was thrown");
    }
    catch (const dedalus::store_error& e) {
        REQUIRE(e.partial_run() != nullptr);
        CHECK(e.partial_run()->phase == run_phase::suspended);
        CHECK(e.partial_run()->stop_reason == stop_reason::store_error);
    }
}

}  // namespace durable_run_test
