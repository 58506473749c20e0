#include "stores/killed_runs.hpp"
#include "stores/postgres_scene.hpp"

namespace postgres_killed_runs_test {

TEST_CASE("runs in PostgreSQL come to their end whatever kills their workers, and no once tool acts twice")
{
    test::postgres_scene& postgres = test::postgres_scene::get();
    const std::string database = postgres.server.new_database();
    const auto store = postgres.open(database);
    postgres.run(store->migrate());
    const test::killed_runs_scene scene;
    test::kill_workers_of(scene, "postgres", database, [&store] { return store; });
}

}  // namespace postgres_killed_runs_test
