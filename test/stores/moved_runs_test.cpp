#include "stores/moved_runs.hpp"

#include <dedalus/error.hpp>
#include <dedalus/stores/sqlite.hpp>
#include <dedalus/stores/store_error.hpp>

#include "stores/forwarding_store.hpp"
#include "support/background_program.hpp"

namespace moved_runs_test {

using dedalus::import_run;
namespace stores = dedalus::stores;

TEST_CASE("a suspended run moves from memory to SQLite and back, and goes on there to its end")
{
    test::durable_scene s;
    test::suspend_run(s);
    const test::temporary_folder folder;
    const auto sqlite = std::make_shared<dedalus::sqlite_run_store>(folder.path("runs.db"));
    test::move_through(s, {sqlite, std::make_shared<dedalus::memory_run_store>()});
}

TEST_CASE("a suspended run that moved to SQLite goes on there to its end")
{
    test::durable_scene s;
    test::suspend_run(s);
    const test::temporary_folder folder;
    test::move_through(s, {std::make_shared<dedalus::sqlite_run_store>(folder.path("runs.db"))});
}

TEST_CASE("a decision that nobody has taken in moves with its run")
{
    test::durable_scene s;
    test::suspend_run(s);
    CHECK(test::run_coro(s.inbox().approve("r1", "b")) == stores::post_outcome::accepted);
    const auto other = std::make_shared<dedalus::memory_run_store>();
    test::run_coro(import_run(other, test::export_of(s.store)));
    CHECK(test::run_coro(other->list_resumable({})) == std::vector<std::string>{"r1"});
    CHECK(test::run_coro(dedalus::run_inbox(other).reject("r1", "b")) == stores::post_outcome::already_decided);
    s.says(test::ends());
    const auto input = s.input();
    input->store = other;
    CHECK(test::run_coro(test::durable_scene::follow(input, s.stop)).phase == dedalus::run_phase::completed);
}

TEST_CASE("a run that has ended moves, and gives its result in the other store")
{
    test::durable_scene s;
    test::suspend_run(s);
    test::run_coro(s.inbox().reject("r1", "b", "no"));
    s.says(test::ends("The end."));
    REQUIRE(s.run().phase == dedalus::run_phase::completed);
    const auto other = std::make_shared<dedalus::memory_run_store>();
    const std::string document = test::export_of(s.store);
    CHECK(test::run_coro(import_run(other, document)) == stores::create_outcome::created);
    CHECK(test::export_of(other) == document);
    const auto input = s.input();
    input->store = other;
    const dedalus::run_result result = test::run_coro(test::durable_scene::follow(input, s.stop));
    CHECK(result.final_text == "The end.");
    CHECK(result.tool_results.size() == 3);
}

TEST_CASE("what cannot be imported is refused before the store is asked")
{
    test::durable_scene s;
    test::suspend_run(s);
    std::string newer = test::export_of(s.store);
    newer.replace(newer.find(R"("version":1)"), 11, R"("version":2)");
    const auto other = std::make_shared<dedalus::memory_run_store>();
    const auto reason = [&](std::shared_ptr<dedalus::run_store> store, const std::string& document) {
        try {
            test::run_coro(import_run(std::move(store), document));
        }
        catch (const dedalus::store_error& e) {
            return e.reason();
        }
        FAIL("nothing was thrown");
        return dedalus::store_errc();
    };
    CHECK(reason(other, newer) == dedalus::store_errc::wrong_format);
    CHECK(reason(other, "{}") == dedalus::store_errc::damaged);
    CHECK(other->writes() == 0);
    const auto base = std::make_shared<test::forwarding_store>(other);
    CHECK(reason(base, test::export_of(s.store)) == dedalus::store_errc::unsupported);
    CHECK_THROWS_AS(import_run(nullptr, test::export_of(s.store)), dedalus::config_error);
}

}  // namespace moved_runs_test
