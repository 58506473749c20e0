#include "stores/killed_runs.hpp"

#include <dedalus/stores/sqlite.hpp>

namespace killed_runs_test {

TEST_CASE("runs in a SQLite file come to their end whatever kills their workers, and no once tool acts twice")
{
    const test::killed_runs_scene scene;
    const std::string file = scene.folder.path("runs.db");
    test::kill_workers_of(scene, "sqlite", file, [&file] { return std::make_shared<dedalus::sqlite_run_store>(file); });
}

}  // namespace killed_runs_test
