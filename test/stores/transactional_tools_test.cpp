#include "stores/transactional_tools.hpp"

#include <dedalus/stores/sqlite.hpp>

#include "stores/encrypted_scene.hpp"
#include "stores/planted_secrets.hpp"
#include "support/background_program.hpp"

#include <functional>
#include <sqlite3.h>
#include <string>

namespace transactional_tools_test {

namespace {

class sqlite_shop final : public test::shop
{
public:
    explicit sqlite_shop(const std::string& path)
    {
        REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
        sqlite3_busy_timeout(database_, 5000);
        execute("CREATE TABLE purchases (buyer TEXT NOT NULL)");
    }

    ~sqlite_shop() override { sqlite3_close(database_); }

    sqlite_shop(const sqlite_shop&) = delete;
    sqlite_shop& operator=(const sqlite_shop&) = delete;

    void begin() override { execute("BEGIN IMMEDIATE"); }

    void buy(const std::string& key) override { execute("INSERT INTO purchases VALUES ('" + key + "')"); }

    void append(const dedalus::stores::append_request& finish) override
    {
        dedalus::sqlite_run_store::append_in(database_, finish);
    }

    void commit() override { execute("COMMIT"); }

    void rollback() override { execute("ROLLBACK"); }

    int bought() override
    {
        sqlite3_stmt* statement = nullptr;
        REQUIRE(sqlite3_prepare_v2(database_, "SELECT count(*) FROM purchases", -1, &statement, nullptr) == SQLITE_OK);
        REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
        const int count = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        return count;
    }

private:
    void execute(const std::string& statement)
    {
        REQUIRE(sqlite3_exec(database_, statement.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    }

    sqlite3* database_ = nullptr;
};

/// A file with runs and a shop in it.
struct in_one_file
{
    using change = std::function<std::shared_ptr<dedalus::run_store>(std::shared_ptr<dedalus::run_store>)>;

    in_one_file() : in_one_file([](std::shared_ptr<dedalus::run_store> store) { return store; }) {}

    /// @param before  gives the store of the runs, which keeps them in that of the file
    explicit in_one_file(const change& before)
        : of(before(std::make_shared<dedalus::sqlite_run_store>(folder.path("runs.db"))), shop)
    {}

    test::temporary_folder folder;
    sqlite_shop shop{prepared()};
    test::shopping of;

private:
    // The store makes a new file a file of runs, and refuses one that has tables already.
    std::string prepared()
    {
        const dedalus::sqlite_run_store made(folder.path("runs.db"));
        return folder.path("runs.db");
    }
};

}  // namespace

TEST_CASE("a SQLite tool whose process dies after its transaction has had its effect once, and does not run again")
{
    in_one_file all;
    test::check_crash_after_commit(all.of);
}

TEST_CASE("a SQLite tool whose process dies before its transaction ends runs again, and has its effect once")
{
    in_one_file all;
    test::check_crash_before_commit(all.of);
}

TEST_CASE("the transaction of a SQLite tool whose run has another owner is refused, and has no effect")
{
    in_one_file all;
    test::check_stale_owner(all.of);
}

TEST_CASE("what a SQLite tool throws after its transaction does not change how its call has ended")
{
    in_one_file all;
    test::check_failure_after_commit(all.of);
}

TEST_CASE("the end of a call is written into a SQLite file once, in a transaction, and nothing else is")
{
    in_one_file all;
    test::check_refusals(all.of);
}

TEST_CASE("a SQLite tool whose run is encrypted writes the end of its call encrypted")
{
    in_one_file all([](std::shared_ptr<dedalus::run_store> store) { return test::encrypted(std::move(store)); });
    test::check_crash_after_commit(all.of);
    CHECK(test::files_with(all.folder.path(""), R"("text":"bought")") == 0);
    CHECK(all.of.last.records.front().body.find("bought") == std::string::npos);
}

}  // namespace transactional_tools_test
