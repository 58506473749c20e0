#include <dedalus/stores/sqlite.hpp>

#include "stores/encrypted_scene.hpp"
#include "stores/moved_runs.hpp"
#include "stores/planted_secrets.hpp"
#include "stores/store_suite.hpp"
#include "support/background_program.hpp"

namespace encrypted_sqlite_test {

using dedalus::sqlite_run_store;
using test::encrypted;

TEST_CASE("an encrypted SQLite store conforms, from several connections to one file")
{
    const test::temporary_folder folder;
    dedalus::testing::store_conformance_options options;
    options.open = [path = folder.path("runs.db")] { return std::make_shared<sqlite_run_store>(path); };
    const auto results = test::run_suite(encrypted(options));
    CHECK(test::failures(results) == "");
    CHECK(test::count(results, test::check_status::skipped) == 1);
}

TEST_CASE("no file of an encrypted SQLite store holds a word of a run")
{
    const test::temporary_folder folder;
    const auto file = std::make_shared<sqlite_run_store>(folder.path("runs.db"));
    const auto store = encrypted(file);
    test::run_with_secrets(store);
    for (const std::string_view word :
         {test::visible_word, std::string_view("chat.completion"), std::string_view("leak")}) {
        INFO(word);
        CHECK(test::bytes_of_run_with_secrets(*store).find(word) != std::string::npos);
        CHECK(test::files_with(folder.path(""), word) == 0);
    }
    CHECK(test::files_with(folder.path(""), "order-1") > 0);
}

TEST_CASE("a suspended run moves to an encrypted SQLite store and back, and goes on there to its end")
{
    test::durable_scene s;
    test::suspend_run(s);
    const test::temporary_folder folder;
    const auto file = std::make_shared<sqlite_run_store>(folder.path("runs.db"));
    test::move_through(s, {encrypted(file), std::make_shared<dedalus::memory_run_store>()});
}

}  // namespace encrypted_sqlite_test
