#include <dedalus/stores/postgres.hpp>

#include "stores/postgres_scene.hpp"
#include "stores/transactional_tools.hpp"

#include <libpq-fe.h>
#include <memory>
#include <string>

namespace postgres_transactional_tools_test {

namespace {

class postgres_shop final : public test::shop
{
public:
    explicit postgres_shop(const std::string& connection) : connection_(PQconnectdb(connection.c_str()))
    {
        REQUIRE(PQstatus(connection_) == CONNECTION_OK);
        execute("CREATE TABLE purchases (buyer text NOT NULL)");
    }

    ~postgres_shop() override { PQfinish(connection_); }

    postgres_shop(const postgres_shop&) = delete;
    postgres_shop& operator=(const postgres_shop&) = delete;

    void begin() override { execute("BEGIN"); }

    void buy(const std::string& key) override { execute("INSERT INTO purchases VALUES ('" + key + "')"); }

    void append(const dedalus::stores::append_request& finish) override
    {
        dedalus::postgres_run_store::append_in(connection_, finish);
    }

    void commit() override { execute("COMMIT"); }

    void rollback() override { execute("ROLLBACK"); }

    int bought() override { return std::stoi(execute("SELECT count(*) FROM purchases")); }

private:
    std::string execute(const std::string& statement)
    {
        PGresult* result = PQexec(connection_, statement.c_str());
        const ExecStatusType status = PQresultStatus(result);
        const std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
        PQclear(result);
        REQUIRE((status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK));
        return value;
    }

    PGconn* connection_;
};

std::shared_ptr<dedalus::postgres_run_store> prepared(const std::string& connection)
{
    const std::shared_ptr<dedalus::postgres_run_store> store = test::postgres_scene::get().open(connection);
    test::postgres_scene::get().run(store->migrate());
    return store;
}

/// A database with runs and a shop in it.
struct in_one_database
{
    std::string connection = test::postgres_scene::get().server.new_database();
    postgres_shop shop{connection};
    test::shopping of{prepared(connection), shop};
};

}  // namespace

TEST_CASE("a PostgreSQL tool whose process dies after its transaction has had its effect once, and does not run again")
{
    in_one_database all;
    test::check_crash_after_commit(all.of);
}

TEST_CASE("a PostgreSQL tool whose process dies before its transaction ends runs again, and has its effect once")
{
    in_one_database all;
    test::check_crash_before_commit(all.of);
}

TEST_CASE("the transaction of a PostgreSQL tool whose run has another owner is refused, and has no effect")
{
    in_one_database all;
    test::check_stale_owner(all.of);
}

TEST_CASE("what a PostgreSQL tool throws after its transaction does not change how its call has ended")
{
    in_one_database all;
    test::check_failure_after_commit(all.of);
}

TEST_CASE("the end of a call is written into PostgreSQL once, in a transaction, and nothing else is")
{
    in_one_database all;
    test::check_refusals(all.of);
}

}  // namespace postgres_transactional_tools_test
