#include <dedalus/stores/memory.hpp>
#include <dedalus/stores/store_error.hpp>

#include "stores/encrypted_scene.hpp"
#include "stores/moved_runs.hpp"
#include "support/durable_scene.hpp"

#include <stdexcept>

namespace encrypted_runs_test {

using dedalus::memory_run_store;
using test::encrypted;
using test::run_coro;

namespace {

/// A scene whose run is kept encrypted.
struct sealed_scene : test::durable_scene
{
    dedalus::run_result run_sealed()
    {
        const auto in = input();
        in->store = encrypted(store);
        return run_coro(follow(in, stop));
    }
};

const std::string large(70000, 'x');

boost::asio::awaitable<boost::json::value> give_large(boost::json::object, dedalus::tool_context&)  // borrowed: all
{
    co_return boost::json::string(large);
}

}  // namespace

TEST_CASE("a large result of an encrypted run is read from a blob that shows nothing of it")
{
    sealed_scene s;
    s.definition.max_result_bytes = 2 * large.size();
    s.add("act", {.effect = dedalus::tool_effect::pure}, give_large);
    s.says(test::asks('[' + test::pending_call("a", "act") + ']'));
    s.says(test::ends());
    CHECK(s.run_sealed().phase == dedalus::run_phase::completed);

    const dedalus::stores::stored_run kept = s.stored();
    REQUIRE(kept.blobs.size() == 1);
    CHECK(kept.blobs.begin()->second.find("xxxx") == std::string::npos);
    CHECK(s.run_sealed().tool_results.at(0).content == large);
}

TEST_CASE("a run that is kept encrypted goes on after its process has died")
{
    sealed_scene s;
    s.add("act", {.effect = dedalus::tool_effect::pure});
    s.says(test::asks('[' + test::pending_call("a", "act") + ']'));
    // Create, acquire, intent, answer, start, and here the end.
    s.store->arm(dedalus::store_failpoint::before_commit, 6, std::make_exception_ptr(std::runtime_error("killed")));
    CHECK_THROWS_AS(s.run_sealed(), std::runtime_error);
    s.passed += std::chrono::minutes(1);
    s.says(test::ends("The end."));
    const dedalus::run_result result = s.run_sealed();
    CHECK(result.phase == dedalus::run_phase::completed);
    CHECK(result.final_text == "The end.");
    CHECK(result.tool_results.at(0).content == "a done");
    CHECK(s.log == std::vector<std::string>{"a", "a"});
}

TEST_CASE("each write of an encrypted run whose answer is lost is repeated and done once")
{
    std::size_t writes = 100;
    for (std::size_t n = 1; n <= writes; ++n) {
        INFO("write " << n);
        sealed_scene s;
        s.add("act", {.effect = dedalus::tool_effect::pure});
        s.says(test::asks('[' + test::pending_call("a", "act") + ']'));
        s.says(test::ends());
        s.store->arm(dedalus::store_failpoint::after_commit_before_ack, n);
        CHECK(s.run_sealed().phase == dedalus::run_phase::completed);
        CHECK(s.log == std::vector<std::string>{"a"});
        writes = s.store->writes() - 1;
    }
}

TEST_CASE("a run that is kept with another key is not damaged for those who have it")
{
    sealed_scene s;
    s.says(test::ends());
    CHECK(s.run_sealed().phase == dedalus::run_phase::completed);
    const auto in = s.input();
    in->store = encrypted(s.store, "w");
    CHECK_THROWS_AS(run_coro(test::durable_scene::follow(in, s.stop)), dedalus::store_error);
    CHECK(s.run_sealed().phase == dedalus::run_phase::completed);
}

TEST_CASE("the export of an encrypted run is that of the same run in plaintext")
{
    sealed_scene plain;
    sealed_scene sealed;
    // Without a tool: when one was entered is told by the clock of the system.
    plain.says(test::ends());
    sealed.says(test::ends());
    REQUIRE(plain.run().phase == dedalus::run_phase::completed);
    REQUIRE(sealed.run_sealed().phase == dedalus::run_phase::completed);
    CHECK(test::export_of(encrypted(sealed.store)) == test::export_of(plain.store));
}

TEST_CASE("a suspended run moves from a plain store to an encrypted one and back, and goes on there to its end")
{
    test::durable_scene s;
    test::suspend_run(s);
    test::move_through(s, {encrypted(std::make_shared<memory_run_store>()), std::make_shared<memory_run_store>()});
}

TEST_CASE("a suspended run that moved to an encrypted store goes on there to its end")
{
    test::durable_scene s;
    test::suspend_run(s);
    test::move_through(s, {encrypted(std::make_shared<memory_run_store>())});
}

}  // namespace encrypted_runs_test
