#include "handoff/checkpoint_head.hpp"
#include "support/durable_scene.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

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

TEST_CASE("the head of a run tells how it was begun, and what it needs to go on")
{
    durable_scene s;
    s.definition.request.temperature = 0.5;
    s.definition.request.extra["api_key"] = "a secret";
    s.definition.labels = {{"tenant", "7"}, {"kind", "order"}};
    s.definition.needs_credentials = true;
    s.definition.connections = {"mail", "crm"};
    s.definition.profile.send_max_turns = dedalus::sent_turns::omit;
    s.definition.dialect = dedalus::dialect::openai;
    s.credentials = dedalus::credential();
    suspend(s);
    const core::checkpoint_head head = head_of(s);
    CHECK(head.request.at("model") == "m");
    CHECK(head.request.at("temperature") == 0.5);
    CHECK(head.request.at("tools_ref").as_string().size() == 16);
    for (const char* member : {"messages", "tools", "api_key", "credentials"})
        CHECK_FALSE(head.request.contains(member));
    CHECK(head.labels == s.definition.labels);
    CHECK(head.needs.at("api_key") == true);
    CHECK(head.needs.at("credentials") == boost::json::array{"mail", "crm"});
    CHECK(head.profile.at("send_max_turns") == "omit");
    CHECK(head.profile.at("extensions") == "dedalus");
    CHECK(head.profile.at("dialect") == "openai");
}

TEST_CASE("a run is found by the labels it began with, whatever phase it is in")
{
    durable_scene s;
    s.definition.labels = {{"tenant", "7"}, {"kind", "order"}};
    const auto found = [&s](const char* tenant) {
        stores::list_query query;
        query.labels = {{"tenant", tenant}};
        return test::run_coro(s.store->list(std::move(query))).runs.size();
    };
    suspend(s);
    CHECK(found("7") == 1);
    CHECK(found("8") == 0);
    s.definition.labels.clear();  // another process knows nothing of them
    test::run_coro(s.inbox().approve("r1", "b"));
    s.says(ends());
    REQUIRE(s.run().phase == dedalus::run_phase::completed);
    CHECK(found("7") == 1);
}

TEST_CASE("the head of a run that sends tells of its request")
{
    durable_scene s;
    s.passed = std::chrono::seconds(5);
    s.store->arm(
        dedalus::store_failpoint::after_commit_before_ack, 3, std::make_exception_ptr(std::runtime_error("killed"))
    );
    CHECK_THROWS_AS(s.run(), std::runtime_error);
    const core::checkpoint_head head = head_of(s);
    REQUIRE(head.attempt);
    CHECK(head.attempt->fallback_step == "session");
    CHECK(head.attempt->sent_after == core::stored_time(s.now()));
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

TEST_CASE("a head stays below 16 KiB with as many labels, connections and parameters as there may be")
{
    durable_scene s;
    for (int i = 0; i < 16; ++i)
        s.definition.labels.emplace(std::to_string(i), std::string(250, 'x'));
    s.definition.needs_credentials = true;
    s.definition.connections.assign(100, std::string(100, 'c'));
    s.credentials = dedalus::credential();
    s.definition.request.metadata.emplace()["long"] = std::string(20000, 'm');
    s.add("book", approved());
    for (int i = 0; i < 35; ++i)
        s.add("tool_" + std::to_string(i) + std::string(50, 'x'), {.effect = dedalus::tool_effect::pure});
    std::string calls;
    for (int i = 0; i < 200; ++i)
        calls += (i == 0 ? "" : ",") + pending_call(std::to_string(i) + std::string(200, 'c'), "book");
    s.says(asks('[' + calls + ']', R"(,"correlation_id":")" + std::string(1000, 's') + '"'));
    REQUIRE(s.run().phase == dedalus::run_phase::suspended);
    CHECK(s.stored().head.bytes.size() <= std::size_t{16} * 1024);
    CHECK(head_of(s).request.empty());
    CHECK(head_of(s).needs.at("credentials").as_array().empty());
}

}  // namespace durable_head_test
