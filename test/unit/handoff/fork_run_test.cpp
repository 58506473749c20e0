#include <dedalus/error.hpp>
#include <dedalus/handoff/run_export.hpp>

#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fork_run_test {

namespace stores = dedalus::stores;
using dedalus::fork_run;
using dedalus::run_phase;
using stores::create_outcome;
using test::asks;
using test::durable_scene;
using test::ends;
using test::run_coro;
using names = std::vector<std::string>;

namespace {

/// Asks for a call without an id, whose name is made from that of the run.
const std::string nameless =
    R"({"turns_consumed":1,"choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant",)"
    R"("content":null,"tool_calls":[{"type":"function","function":{"name":"look","arguments":"{}"}}]}}]})";

/// Two turns with a call each, then an answer.
void finish(durable_scene& s)
{
    s.add("look", {});
    s.says(nameless);
    s.says(asks("[" + test::pending_call("b", "look") + "]"));
    s.says(ends());
    REQUIRE(s.run().phase == run_phase::completed);
}

dedalus::run_result follow(durable_scene& s, std::string run_id)
{
    std::shared_ptr<test::engine::durable_input> input = s.input();
    input->run_id = std::move(run_id);
    input->create.reset();
    return run_coro(durable_scene::follow(std::move(input), s.stop));
}

}  // namespace

TEST_CASE("A fork goes on from the end of a turn, runs no call again, and names its parent")
{
    durable_scene s;
    finish(s);
    const stores::stored_run before = s.stored();
    CHECK(run_coro(fork_run(s.store, "r1", 1, "r2")) == create_outcome::created);
    CHECK(run_coro(fork_run(s.store, "r1", 1, "r2")) == create_outcome::exists);
    s.says(ends("Another way."));
    const dedalus::run_result forked = follow(s, "r2");
    CHECK(forked.phase == run_phase::completed);
    CHECK(forked.final_text == "Another way.");
    CHECK(forked.run_id == "r2");
    CHECK(forked.tool_results.size() == 1);
    CHECK(s.log.size() == 2);
    CHECK(s.bodies.at(3) == s.bodies.at(1));
    CHECK(s.keys.at(3) != s.keys.at(1));
    CHECK(s.stored() == before);

    stores::load_request request;
    request.run_id = "r2";
    const stores::stored_run stored = run_coro(s.store->load(std::move(request))).run;
    CHECK(stored.head.bytes.find(R"("parent_run":"r1")") != std::string::npos);
    CHECK(follow(s, "r2").final_text == "Another way.");
}

TEST_CASE("A fork of a fork, and one from the request alone, go on, too")
{
    durable_scene s;
    finish(s);
    CHECK(run_coro(fork_run(s.store, "r1", 2, "r2")) == create_outcome::created);
    CHECK(run_coro(fork_run(s.store, "r2", 1, "r3")) == create_outcome::created);
    CHECK(run_coro(fork_run(s.store, "r1", 0, "r4")) == create_outcome::created);
    s.says(ends());
    follow(s, "r3");
    CHECK(s.bodies.back() == s.bodies.at(1));
    s.says(ends());
    follow(s, "r4");
    CHECK(s.bodies.back() == s.bodies.at(0));
}

TEST_CASE("A run is not forked at a turn that it has not, whose calls are open, or with which it has ended")
{
    durable_scene s;
    finish(s);
    CHECK_THROWS_AS(run_coro(fork_run(s.store, "r1", 3, "r2")), dedalus::config_error);
    CHECK_THROWS_AS(run_coro(fork_run(s.store, "r1", 4, "r2")), dedalus::config_error);
    CHECK_THROWS_AS(run_coro(fork_run(s.store, "r9", 1, "r2")), dedalus::config_error);
    CHECK_THROWS_AS(fork_run(nullptr, "r1", 1, "r2"), dedalus::config_error);
    durable_scene open;
    test::waiting_run(open);
    CHECK_THROWS_AS(run_coro(fork_run(open.store, "r1", 1, "r2")), dedalus::config_error);
}

}  // namespace fork_run_test
