#include "handoff/checkpoint_head.hpp"
#include "support/durable_scene.hpp"

#include <string>

namespace durable_head_test {

using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
namespace core = dedalus::handoff_core;
namespace stores = dedalus::stores;

namespace {

const std::string deferred = R"([ {"id":"d","name":"bill","arguments":{"n":1.0},"blocked_by":["a"]} ])";

dedalus::tool_options approved()
{
    dedalus::tool_options options;
    options.effect = dedalus::tool_effect::once;
    options.needs_approval = true;
    options.wait_limit = std::chrono::hours(1);
    return options;
}

core::checkpoint_head head_of(durable_scene& s)
{
    return core::decode_head(s.stored().head.bytes);
}

/// A run that waits for an approval of "b", the other call of its turn having ended.
void suspend(durable_scene& s)
{
    s.add("look", {.effect = dedalus::tool_effect::pure});
    s.add("book", approved());
    s.says(asks(
        '[' + pending_call("a", "look") + ',' + pending_call("b", "book") + ']',
        R"(,"correlation_id":"s1","deferred":)" + deferred
    ));
    s.passed = std::chrono::seconds(5);
    REQUIRE(s.run().phase == dedalus::run_phase::suspended);
}

}  // namespace

TEST_CASE("the head of a suspended run tells what its log tells")
{
    durable_scene s;
    suspend(s);
    const stores::stored_run run = s.stored();
    const core::checkpoint_head head = core::read_checkpoint(run);
    CHECK(head.writer.at("sdk") == "dedalus-cpp");
    CHECK(head.correlation_id == "s1");
    CHECK(head.budget.per_request_cap == 2);
    REQUIRE(head.suspended);
    CHECK(head.suspended->at("reason") == "approval");
    CHECK(head.suspended->at("since") == "2015-08-19T16:00:05Z");
    REQUIRE(head.plan_seq == 3);
    REQUIRE(head.deferred_seq == 3);
    const stores::log_entry& answer = run.entries.at(2);
    const boost::json::array range = boost::json::parse(answer.body).at("deferred").as_array();
    const auto from = static_cast<std::size_t>(range.at(0).as_int64());
    const auto to = static_cast<std::size_t>(range.at(1).as_int64());
    CHECK(answer.raw.substr(from, to - from) == deferred);
}

TEST_CASE("the head of a suspended run lists its tools and its waits")
{
    durable_scene s;
    suspend(s);
    const core::checkpoint_head head = head_of(s);
    REQUIRE(head.toolset.size() == 2);
    CHECK(head.toolset.at(0).at("name") == "look");
    CHECK(head.toolset.at(0).at("effect") == "pure");
    CHECK(head.toolset.at(1).at("effect") == "once");
    REQUIRE(head.waits.size() == 1);
    CHECK(head.waits.front().key.call.call_id == "b");
    CHECK(head.waits.front().key.kind == "approval");
    CHECK(head.waits.front().fingerprint == s.stored().waits.front().fingerprint);
    CHECK(head.waits.front().expires_at == s.stored().waits.front().expires_at);
}

TEST_CASE("a schema in the request is named in the head by its SHA-256, and another schema by another one")
{
    const auto hash_with = [](const std::string& description) {
        durable_scene s;
        dedalus::function_tool tool;
        tool.function.name = "book";
        tool.function.description = description;
        s.definition.request.tools.emplace_back(tool);
        s.add("book", approved());
        s.says(asks('[' + pending_call("b", "book") + ']'));
        s.run();
        return std::string(head_of(s).toolset.at(0).at("schema_sha256").as_string());
    };
    CHECK(hash_with("Book").size() == 16);
    CHECK(hash_with("Book") == hash_with("Book"));
    CHECK(hash_with("Book") != hash_with("Book a table"));
}

TEST_CASE("the head of a run that has gone on no longer has its waits")
{
    durable_scene s;
    suspend(s);
    const auto created = head_of(s).created_at;
    REQUIRE(created);
    s.passed = std::chrono::seconds(60);
    test::run_coro(s.inbox().approve("r1", "b"));
    s.says(ends());
    REQUIRE(s.run().phase == dedalus::run_phase::completed);
    const core::checkpoint_head head = head_of(s);
    CHECK(head.waits.empty());
    CHECK_FALSE(head.plan_seq);
    CHECK_FALSE(head.deferred_seq);
    CHECK_FALSE(head.suspended);
    CHECK(head.stop_reason == "final");
    CHECK(head.created_at == created);
    CHECK(head.updated_at > created);
    CHECK(head.toolset.size() == 2);
}

TEST_CASE("a head stays below 16 KiB, however many tools and waits the run has")
{
    durable_scene s;
    s.add("book", approved());
    for (int i = 0; i < 200; ++i)
        s.add("tool_" + std::to_string(i) + std::string(50, 'x'), {.effect = dedalus::tool_effect::pure});
    std::string calls;
    for (int i = 0; i < 200; ++i)
        calls += (i == 0 ? "" : ",") + pending_call(std::to_string(i) + std::string(200, 'c'), "book");
    s.says(asks('[' + calls + ']', R"(,"correlation_id":")" + std::string(20000, 's') + '"'));
    REQUIRE(s.run().phase == dedalus::run_phase::suspended);
    CHECK(s.stored().head.bytes.size() <= std::size_t{16} * 1024);
    CHECK_FALSE(head_of(s).waits.empty());
    CHECK(s.stored().waits.size() == 200);
    CHECK(head_of(s).toolset.empty());
}

}  // namespace durable_head_test
