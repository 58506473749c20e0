#include "stores/encrypted_scene.hpp"
#include "stores/planted_secrets.hpp"
#include "stores/postgres_scene.hpp"

using test::encrypted;
using test::postgres_scene;

TEST_CASE("an encrypted PostgreSQL store conforms, with all optional operations, from several stores")
{
    postgres_scene& scene = postgres_scene::get();
    const std::string database = scene.server.new_database();
    dedalus::testing::store_conformance_options options;
    options.open = [&] { return scene.open(database); };
    const auto results = test::run_suite(encrypted(options));
    CHECK(test::failures(results) == "");
    CHECK(test::count(results, test::check_status::passed) == dedalus::testing::store_checks().size());
}

TEST_CASE("no file of a PostgreSQL server, its log and its write-ahead log included, holds a word of an encrypted run")
{
    postgres_scene& scene = postgres_scene::get();
    test::postgres_server own;
    const std::string database = own.new_database();
    const auto store = encrypted(scene.open(database));
    scene.run(store->migrate());
    test::run_with_secrets(store);
    own.execute("CHECKPOINT");
    CHECK(test::bytes_of_run_with_secrets(*store).find(test::visible_word) != std::string::npos);
    CHECK(test::files_with(own.folder(), test::visible_word) == 0);
    CHECK(test::files_with(own.folder(), "order-1") > 0);
}
