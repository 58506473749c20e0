#include <dedalus/stores/sqlite.hpp>

#include "stores/rules.hpp"
#include "stores/sqlite_tables.hpp"

// The end of a call in the transaction of its tool.

namespace dedalus {

void sqlite_run_store::append_in(sqlite3* connection, const stores::append_request& finish)
{
    stores::check_finish(finish);
    stores::sqlite_database database(connection);
    if (!database.in_transaction())
        throw store_error(store_errc::invalid_argument, "the end of a call is written in a transaction");
    // What this writer finds is what it changes: no takeover can come in between and be there at the commit.
    stores::require_inserted(stores::sqlite_tables(database).append_call(finish));
}

}  // namespace dedalus
