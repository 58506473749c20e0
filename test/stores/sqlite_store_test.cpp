#include <dedalus/stores/sqlite.hpp>

#include "stores/killed_writers.hpp"
#include "stores/planted_secrets.hpp"
#include "stores/store_suite.hpp"
#include "support/background_program.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <chrono>
#include <cstddef>
#include <future>
#include <sqlite3.h>
#include <utility>

namespace sqlite_store_test {

namespace asio = boost::asio;
using dedalus::sqlite_run_store;
using dedalus::store_errc;
using dedalus::store_error;
namespace stores = dedalus::stores;

namespace {

dedalus::testing::store_conformance_options on_file(const std::string& path)
{
    dedalus::testing::store_conformance_options options;
    options.open = [path] { return std::make_shared<sqlite_run_store>(path); };
    return options;
}

void execute(const std::string& path, const char* statements)
{
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    const int code = sqlite3_exec(database, statements, nullptr, nullptr, nullptr);
    sqlite3_close(database);
    REQUIRE(code == SQLITE_OK);
}

store_errc reason_of_opening(const std::string& path)
{
    try {
        sqlite_run_store store(path);
    }
    catch (const store_error& e) {
        return e.reason();
    }
    FAIL("the file was opened");
    return {};
}

stores::create_request create_request(const std::string& run_id)
{
    stores::create_request request;
    request.run_id = run_id;
    request.head.bytes = "{}";
    request.op_id = "create " + run_id;
    stores::log_entry entry;
    entry.seq = 1;
    entry.kind = "input";
    entry.body = R"({"messages":[]})";
    entry.crc32c = stores::checksum(entry);
    request.entries.push_back(entry);
    return request;
}

stores::load_result load(sqlite_run_store& store, const std::string& run_id)
{
    stores::load_request request;
    request.run_id = run_id;
    return test::run_coro(store.load(request));
}

}  // namespace

TEST_CASE("the SQLite store conforms, from several connections to one file")
{
    const test::temporary_folder folder;
    const auto results = test::run_suite(on_file(folder.path("runs.db")));
    CHECK(test::failures(results) == "");
    CHECK(test::count(results, test::check_status::skipped) == 1);
}

TEST_CASE("what is in a SQLite file is there when it is opened again")
{
    const test::temporary_folder folder;
    const std::string path = folder.path("runs.db");
    {
        sqlite_run_store store(path);
        CHECK(test::run_coro(store.create(create_request("order-1"))) == stores::create_outcome::created);
    }
    sqlite_run_store store(path);
    CHECK(test::run_coro(store.schema_version()) == 1);
    const stores::load_result result = load(store, "order-1");
    REQUIRE(result.outcome == stores::load_outcome::loaded);
    CHECK(result.run.entries == create_request("order-1").entries);
}

namespace {

/// What list() gives while a commit waits for another process.
asio::awaitable<std::size_t> list_and_let_go(sqlite_run_store& store, sqlite3* other)  // borrowed
{
    stores::list_query all;
    const stores::list_page page = co_await store.list(std::move(all));
    sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
    co_return page.runs.size();
}

}  // namespace

TEST_CASE("lists of a SQLite store do not wait for a commit")
{
    using asio::experimental::awaitable_operators::operator&&;
    const test::temporary_folder folder;
    const std::string path = folder.path("runs.db");
    dedalus::sqlite_store_options patient;
    patient.busy_timeout = std::chrono::minutes(1);
    sqlite_run_store store(path, patient);
    test::run_coro(store.create(create_request("order-1")));
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    const auto [created, listed] =
        test::run_coro(store.create(create_request("order-2")) && list_and_let_go(store, other));
    sqlite3_close(other);
    CHECK(listed == 1);
    CHECK(created == stores::create_outcome::created);
    CHECK(test::run_coro(store.list({})).runs.size() == 2);
}

TEST_CASE("a SQLite file that several open for the first time at once is made once")
{
    for (int round = 0; round < 10; ++round) {
        const test::temporary_folder folder;
        const std::string path = folder.path("runs.db");
        std::vector<std::future<void>> opening;
        for (int i = 0; i < 6; ++i)
            opening.push_back(std::async(std::launch::async, [&] { sqlite_run_store store(path); }));
        for (std::future<void>& one : opening)
            CHECK_NOTHROW(one.get());
    }
}

TEST_CASE("a SQLite file of another program is refused and left alone")
{
    const test::temporary_folder folder;
    const std::string other = folder.path("other.db");
    execute(other, "CREATE TABLE t (a); PRAGMA user_version = 1;");
    CHECK(reason_of_opening(other) == store_errc::wrong_format);
    execute(other, "INSERT INTO t VALUES (1)");
    CHECK(reason_of_opening(folder.write("text", std::string(4096, 'x'))) == store_errc::wrong_format);
}

TEST_CASE("a SQLite file of a newer version is refused")
{
    const test::temporary_folder folder;
    const std::string path = folder.path("runs.db");
    {
        sqlite_run_store store(path);
    }
    execute(path, "PRAGMA user_version = 2");
    CHECK(reason_of_opening(path) == store_errc::wrong_format);
}

TEST_CASE("a SQLite file that cannot be made is an error that does not say its path")
{
    try {
        sqlite_run_store store("/nowhere/secret-name/runs.db");
        FAIL("the file was made");
    }
    catch (const store_error& e) {
        CHECK(e.reason() == store_errc::unavailable);
        CHECK(std::string(e.what()).find("secret-name") == std::string::npos);
    }
}

TEST_CASE("a SQLite store whose file is locked gives up after its time limit")
{
    const test::temporary_folder folder;
    const std::string path = folder.path("runs.db");
    dedalus::sqlite_store_options options;
    options.busy_timeout = std::chrono::milliseconds(20);
    sqlite_run_store store(path, options);
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    try {
        test::run_coro(store.create(create_request("order-1")));
        FAIL("a locked file was written to");
    }
    catch (const store_error& e) {
        CHECK(e.reason() == store_errc::busy);
    }
    sqlite3_close(other);
    CHECK(test::run_coro(store.create(create_request("order-1"))) == stores::create_outcome::created);
}

TEST_CASE("a flipped byte in a SQLite file makes the run corrupt")
{
    const test::temporary_folder folder;
    const std::string path = folder.path("runs.db");
    sqlite_run_store store(path);
    test::run_coro(store.create(create_request("order-1")));
    execute(path, "UPDATE log SET body = CAST('{\"messages\":[ }' AS BLOB)");
    CHECK(load(store, "order-1").outcome == stores::load_outcome::corrupt);
}

TEST_CASE("a missing entry in a SQLite file makes the run corrupt")
{
    const test::temporary_folder folder;
    const std::string path = folder.path("runs.db");
    sqlite_run_store store(path);
    test::run_coro(store.create(create_request("order-1")));
    execute(path, "DELETE FROM log");
    CHECK(load(store, "order-1").outcome == stores::load_outcome::corrupt);
}

TEST_CASE("an operation that is refused does not take those queued with it along")
{
    const test::temporary_folder folder;
    sqlite_run_store store(folder.path("runs.db"));
    boost::asio::io_context context;
    int created = 0;
    int refused = 0;
    for (int i = 0; i < 40; ++i) {
        stores::create_request request = create_request("order-" + std::to_string(i));
        if (i % 2 == 1)
            request.entries[0].seq = 7;
        boost::asio::co_spawn(
            context,
            store.create(std::move(request)),
            [&](std::exception_ptr failure, stores::create_outcome outcome) {
                created += !failure && outcome == stores::create_outcome::created ? 1 : 0;
                refused += failure ? 1 : 0;
            }
        );
    }
    context.run();
    CHECK(created == 20);
    CHECK(refused == 20);
}

TEST_CASE("options of a SQLite store that are out of range are refused")
{
    dedalus::sqlite_store_options options;
    options.busy_timeout = std::chrono::milliseconds(0);
    CHECK_THROWS_AS(sqlite_run_store(":memory:", options), dedalus::config_error);
}

TEST_CASE("no file of a SQLite store holds a secret of a run")
{
    const test::temporary_folder folder;
    const auto store = std::make_shared<sqlite_run_store>(folder.path("runs.db"));
    const std::string token = test::run_with_secrets(store);
    CHECK(test::files_with(folder.path(""), test::visible_word) > 0);
    CHECK(test::files_with(folder.path(""), test::secret_word) == 0);
    CHECK(test::files_with(folder.path(""), test::secret_word_in_base64) == 0);
    CHECK(test::files_with(folder.path(""), token) == 0);
    const std::string bytes = test::bytes_of_run_with_secrets(*store);
    CHECK(bytes.find(test::visible_word) != std::string::npos);
    CHECK(bytes.find(test::secret_word) == std::string::npos);
}

TEST_CASE("writers of a SQLite file that are killed lose nothing that was durable")
{
    const test::temporary_folder folder;
    const std::string path = folder.path("runs.db");
    {
        sqlite_run_store store(path);
        test::create_run_for_writers(store);
    }
    const test::durable_work done = test::kill_writers("sqlite", path, 20);
    sqlite_run_store store(path);
    test::check_work(done, load(store, "order-1"));
}

}  // namespace sqlite_store_test
