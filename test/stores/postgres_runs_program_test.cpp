#include "stores/postgres_scene.hpp"
#include "stores/runs_program.hpp"

namespace postgres_runs_program_test {

TEST_CASE("dedalus-runs looks into PostgreSQL, decides there, and moves runs there")
{
    test::postgres_scene& pg = test::postgres_scene::get();
    const std::string connection = pg.server.new_database();
    const auto runs = [](const std::string& to, std::vector<std::string> words, const std::string& input) {
        words.insert(words.begin(), {DEDALUS_RUNS_PROGRAM, "--postgres", to});
        return test::run_program(words, input);
    };
    CHECK(runs(connection, {"list"}, "/dev/null").status == 1);

    const auto store = pg.open(connection);
    pg.run(store->migrate());
    test::timed_scene s;
    dedalus::tool_options booking;
    booking.needs_approval = true;
    s.add_timed("book", booking);
    s.says(test::asks('[' + test::pending_call("b", "book") + ']'));
    REQUIRE(s.follow_in(store, "order-1").phase == dedalus::run_phase::suspended);

    CHECK(runs(connection, {"list"}, "/dev/null").out.find("order-1  suspended") != std::string::npos);
    const test::program_end exported = runs(connection, {"export", "order-1"}, "/dev/null");
    const test::temporary_folder folder;
    const std::string other = pg.server.new_database();
    CHECK(runs(other, {"import"}, folder.write("run.json", exported.out)).status == 0);
    CHECK(runs(other, {"export", "order-1"}, "/dev/null").out == exported.out);
    CHECK(runs(other, {"approve", "order-1", "b"}, "/dev/null").status == 0);
    CHECK(pg.run(pg.open(other)->list_resumable({})) == std::vector<std::string>{"order-1"});
    CHECK(pg.run(store->list_resumable({})).empty());

    const test::program_end away = runs("host=/nowhere password=planted", {"list"}, "/dev/null");
    CHECK(away.status == 1);
    CHECK(away.err.find("planted") == std::string::npos);
}

}  // namespace postgres_runs_program_test
