#include <dedalus/stores/postgres.hpp>

#include "stores/pg_bound.hpp"
#include "stores/pg_operations.hpp"

#include <libpq-fe.h>
#include <string>

// The end of a call in the transaction of its tool.

namespace dedalus {

namespace {

using stores::pg_arguments;
using stores::pg_rows;

pg_rows run_blocking(pg_conn* connection, const std::string& statement, const pg_arguments& arguments)
{
    const stores::pg_bound bound(arguments);
    PGresult* result = PQexecParams(
        connection,
        statement.c_str(),
        bound.count(),
        bound.types.data(),
        bound.values.data(),
        bound.lengths.data(),
        bound.formats.data(),
        stores::pg_bound::binary
    );
    const pg_rows rows(result);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return rows;
    const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    throw store_error(store_errc::unavailable, state != nullptr ? "PostgreSQL " + std::string(state) : "PostgreSQL");
}

bool was_inserted_before(pg_conn* connection, const stores::append_request& finish)
{
    const stores::call_record& record = finish.records.front();
    pg_arguments arguments;
    arguments.text(finish.run_id).bytes(record.key.call_id).number(record.key.occurrence);
    arguments.number(stores::call_slot(record)).text(finish.op_id);
    const std::string statement = "SELECT 1::bigint FROM dedalus_calls WHERE run_id = $1 AND call_id = $2 "
                                  "AND occurrence = $3 AND slot = $4 AND op_id = $5";
    return run_blocking(connection, statement, arguments).size() > 0;
}

}  // namespace

void postgres_run_store::append_in(pg_conn* connection, const stores::append_request& finish)
{
    stores::check_finish(finish);
    if (PQtransactionStatus(connection) != PQTRANS_INTRANS)
        throw store_error(store_errc::invalid_argument, "the end of a call is written in a transaction");
    // The lock on the run is kept until the end of the transaction: until then nobody takes the run over.
    const stores::pg::append_statement statement(finish);
    const pg_rows rows = run_blocking(connection, statement.text, statement.arguments);
    stores::append_result result;
    if (rows.number(0, 0) != 0) {
        const bool there = rows.number(0, 1) != 0 || was_inserted_before(connection, finish);
        result.outcome = there ? stores::append_outcome::inserted : stores::append_outcome::already;
    }
    stores::require_inserted(result);
}

}  // namespace dedalus
