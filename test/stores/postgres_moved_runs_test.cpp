#include "stores/moved_runs.hpp"
#include "stores/postgres_scene.hpp"

namespace postgres_moved_runs_test {

TEST_CASE("a suspended run moves from memory over PostgreSQL and back, and goes on there to its end")
{
    test::durable_scene s;
    test::suspend_run(s);
    test::postgres_scene& pg = test::postgres_scene::get();
    const auto first = pg.open(pg.server.new_database());
    const auto second = pg.open(pg.server.new_database());
    pg.run(first->migrate());
    pg.run(second->migrate());
    test::move_through(s, {first, std::make_shared<dedalus::memory_run_store>(), second});
}

TEST_CASE("a run with more records than one statement takes moves to PostgreSQL")
{
    dedalus::stores::restore_request request;
    request.op_id = "import";
    dedalus::stores::stored_run& run = request.run;
    run.run_id = "long";
    run.head.bytes = "{}";
    run.rev = 1;
    for (int i = 1; i <= 2500; ++i) {
        dedalus::stores::log_entry& entry = run.entries.emplace_back();
        entry.seq = i;
        entry.kind = "note";
        entry.body = "{}";
        entry.crc32c = dedalus::stores::checksum(entry);
    }
    run.last_seq = 2500;
    for (int i = 1000; i < 3500; ++i) {
        dedalus::stores::call_record& record = run.calls.emplace_back();
        record.key.call_id = std::to_string(i);
        record.body = "{}";
        record.crc32c = dedalus::stores::checksum(record);
    }
    test::postgres_scene& pg = test::postgres_scene::get();
    const auto store = pg.open(pg.server.new_database());
    pg.run(store->migrate());
    CHECK(pg.run(store->restore(request)) == dedalus::stores::create_outcome::created);
    dedalus::stores::load_request load;
    load.run_id = "long";
    CHECK(pg.run(store->load(load)).run == run);
}

}  // namespace postgres_moved_runs_test
