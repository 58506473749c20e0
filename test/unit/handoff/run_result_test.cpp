#include <dedalus/handoff/run_result.hpp>

#include "stores/forwarding_store.hpp"
#include "support/durable_scene.hpp"

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace run_result_test {

using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using test::asks;
using test::driver;
using test::durable_scene;
using test::ends;
using test::pending_call;
using test::settings;
using names = std::vector<std::string>;

namespace {

std::string first_answer()
{
    return asks(
        "[" + pending_call("a", "look") + "," + pending_call("b", "act") + "]",
        R"(,"model":"small","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},)"
        R"("mcp_server_errors":{"files":{"message":"away","code":"E1"}})"
    );
}

void check_calls(const dedalus::run_result& r, std::int64_t fence)
{
    REQUIRE(r.tool_results.size() == 2);
    const dedalus::tool_result& look = r.tool_results[0];
    CHECK(look.effect == tool_effect::pure);
    CHECK(look.value == boost::json::value("a done"));
    CHECK(look.fence == fence);
    CHECK(look.fingerprint.size() == 64);
    CHECK(look.occurrence == 0);
    CHECK(r.tool_results[1].effect == tool_effect::once);
}

}  // namespace

TEST_CASE("A result tells of each turn and each call, and tells the same when the run is loaded again")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure});
    s.add("act", {.effect = tool_effect::once});
    s.says(first_answer());
    s.says(R"({"model":"large","turns_consumed":1,"choices":[{"index":0,"finish_reason":"stop",)"
           R"("message":{"role":"assistant","content":"Done."}}]})");
    const dedalus::run_result done = s.run();
    const dedalus::run_result again = s.run();
    CHECK(s.sent.size() == 2);
    for (const dedalus::run_result& r : {done, again}) {
        CHECK(r.models_used() == names{"small", "large"});
        REQUIRE(r.turns.size() == 2);
        CHECK(r.turns[0].requested_model == "m");
        CHECK(r.turns[0].model == "small");
        CHECK(r.turns[0].usage->total_tokens == 5);
        CHECK(r.turns[0].turns_consumed == 1);
        CHECK_FALSE(r.turns[1].usage);
        CHECK(r.turns[0].answered >= r.turns[0].sent);
        CHECK(r.turns[0].sent >= r.timing.began);
        REQUIRE(r.mcp_errors.size() == 1);
        CHECK(r.mcp_errors[0].server == "files");
        CHECK(r.mcp_errors[0].turn == 1);
        CHECK(r.mcp_errors[0].error.code == "E1");
        REQUIRE(r.checkpoint_ref);
        CHECK(r.checkpoint_ref->run_id == "r1");
        check_calls(r, 1);
    }
    CHECK(done.checkpoint_ref->revision == s.stored().rev);
    CHECK(again.checkpoint_ref->revision == s.stored().rev);
}

TEST_CASE("The time in which nobody worked on a run is told apart")
{
    durable_scene s;
    s.add("act", {.effect = tool_effect::once, .needs_approval = true});
    s.says(asks("[" + pending_call("a", "act") + "]"));
    CHECK(s.run().phase == run_phase::suspended);
    s.passed += std::chrono::minutes(5);
    test::run_coro(s.inbox().approve("r1", "a"));
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.timing.suspended == std::chrono::minutes(5));
    CHECK(done.timing.wall() == std::chrono::minutes(5));
    CHECK(done.tool_results[0].fence == 2);
    const dedalus::run_result again = s.run();
    CHECK(again.timing.suspended == std::chrono::minutes(5));
    for (const dedalus::run_result& r : {done, again}) {
        CHECK(r.timing.people == std::chrono::minutes(5));
        CHECK(r.tool_results[0].waited == std::chrono::minutes(5));
    }
}

TEST_CASE("Time in which no person had to do anything is none that people took")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure});
    s.fails(test::refusal(402, "pay"));
    CHECK(s.run().stop_reason == stop_reason::payment);
    s.passed += std::chrono::minutes(5);
    s.says(asks("[" + pending_call("a", "look") + "]"));
    s.says(ends());
    const dedalus::run_result done = s.run();
    CHECK(done.timing.suspended == std::chrono::minutes(5));
    CHECK(done.timing.people == std::chrono::minutes(0));
    CHECK(done.tool_results[0].waited == std::chrono::minutes(0));
}

namespace {

/// A store whose commits take a second each.
class slow_store final : public test::forwarding_store
{
public:
    slow_store(std::shared_ptr<dedalus::run_store> to, std::chrono::milliseconds& clock)
        : forwarding_store(std::move(to)), clock_(clock)
    {}

    awaitable<test::stores::commit_result> commit(test::stores::commit_request r) override
    {
        clock_ += std::chrono::seconds(1);
        co_return co_await to_->commit(std::move(r));
    }

private:
    std::chrono::milliseconds& clock_;
};

}  // namespace

TEST_CASE("The time that a run waited for its store is told")
{
    durable_scene s;
    s.says(ends());
    auto in = std::make_shared<test::engine::durable_input>(*s.input());
    in->store = std::make_shared<slow_store>(s.store, s.passed);
    const dedalus::run_result done = test::run_coro(durable_scene::follow(in, s.stop));
    CHECK(done.timing.store == std::chrono::seconds(2));  // the intent and the answer
}

TEST_CASE("A result is one line for a log, without what was asked and answered")
{
    driver d(settings(7));
    d.failing = {"b"};
    d.turn(test::handoff_answer(test::two_pending, R"(,"usage":{"total_tokens":5},"turns_consumed":2)"));
    d.exchange(test::text_answer("a secret"));
    dedalus::run_result r = d.result();
    r.timing.ended = r.timing.began + std::chrono::milliseconds(1500);
    CHECK(
        to_string(r) == "run run_1: completed (final), 2 answers, 3 of 7 LLM turns, 2 tool calls (1 not ok), "
                        "5 tokens or more, 1.500 s"
    );
    r.waiting.emplace_back();
    r.unknown_outcomes.resize(2);
    std::ostringstream out;
    out << r;
    CHECK(out.str().find(", 1 call waiting, 2 unknown outcomes, ") != std::string::npos);
}

TEST_CASE("The history of a run that waits is a list to begin another run with")
{
    durable_scene s;
    s.add("book", {.needs_approval = true});
    s.says(asks("[" + pending_call("a", "book") + "]"));
    const dedalus::run_result waits = s.run();
    CHECK(waits.stop_reason == stop_reason::approval);
    CHECK_FALSE(test::core::find_violation(waits.messages, {}));
    s.fails(test::refusal(402, "pay"));
    test::run_coro(s.inbox().approve("r1", "a"));
    CHECK_FALSE(test::core::find_violation(s.run().messages, {}));
}

TEST_CASE("A session that is lost for good is a reason of its own")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure});
    s.says(asks("[" + pending_call("a", "look") + "]", R"(,"correlation_id":"c1")"));
    for (int i = 0; i < 3; ++i)
        s.fails(test::refusal(404, "no such session"));
    CHECK_THROWS_AS(s.run(), dedalus::api_error);
    CHECK(s.run().stop_reason == stop_reason::session_lost);
    CHECK(s.sent.size() == 4);
}

TEST_CASE("The final answer is read as a type")
{
    dedalus::run_result r;
    r.last_completion = test::text_answer(R"(7)");
    CHECK(r.parsed<int>().parsed() == 7);
}

TEST_CASE("The wire profile decides what goes back, and a run in a store keeps the one it began with")
{
    durable_scene s;
    s.add("look", {.effect = tool_effect::pure});
    const std::string asked = asks(
        "[" + pending_call("a", "look") + "]",
        R"(,"correlation_id":"c1","deferred":[{"id":"d","name":"x"}],"server_results":{"s":1},"choices":[{"index":0,)"
        R"("finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[)"
        R"({"id":"a","type":"function","function":{"name":"look","arguments":"{}"}},)"
        R"({"id":"d","type":"function","function":{"name":"x","arguments":"{}"}},)"
        R"({"id":"s","type":"function","function":{"name":"y","arguments":"{}"}}]}}])"
    );
    SECTION("as it is by default")
    {
        s.says(asked);
        s.says(ends());
        s.run();
        CHECK(test::outline(s.sent[1].messages) == "user assistant(a,d,s) tool:a tool:s");
        CHECK(s.sent[1].max_turns == 2);
    }
    SECTION("without deferred calls in the message")
    {
        s.definition.profile.deferred_in_assistant = false;
        s.says(asked);
        s.fails(test::refusal(429, "later"));
        s.fails(test::refusal(429, "later"));
        s.fails(test::refusal(429, "later"));
        CHECK(s.run().phase == run_phase::suspended);
        s.definition.profile.deferred_in_assistant = true;  // of another process: the stored one counts
        s.says(ends());
        s.run();
        CHECK(test::outline(s.sent.back().messages) == "user assistant(a,s) tool:a tool:s");
    }
    SECTION("without results of the server as tool messages")
    {
        s.definition.profile.server_results_as_tool_messages = false;
        s.says(asked);
        s.says(ends());
        s.run();
        CHECK(test::outline(s.sent[1].messages) == "user assistant(a,d) tool:a");
    }
    SECTION("with the limit of the run, or none")
    {
        const bool limit = GENERATE(false, true);
        s.definition.profile.send_max_turns = limit ? dedalus::sent_turns::run_limit : dedalus::sent_turns::omit;
        s.says(ends());
        s.run();
        CHECK(s.sent[0].max_turns == (limit ? std::optional<std::int64_t>(10) : std::nullopt));
    }
    SECTION("with the session of the last answer alone")
    {
        s.definition.profile.correlation_id_lasts = GENERATE(false, true);
        s.says(asked);
        s.says(asks("[" + pending_call("b", "look") + "]"));
        s.says(ends());
        s.run();
        CHECK(s.sent[1].correlation_id == "c1");
        CHECK(s.sent[2].correlation_id.has_value() == s.definition.profile.correlation_id_lasts);
    }
}

}  // namespace run_result_test
