#pragma once

#include "stores/pg_connection.hpp"
#include "stores/rules.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The operations on the tables of PostgreSQL. A run's row is the lock of the run: appends share it, everything else
/// that writes has it alone. See docs/architecture.md for what goes wrong with weaker locks.
namespace dedalus::stores::pg {

using boost::asio::awaitable;

/// Microseconds since 1970 by the clock of the server, at the moment.
inline constexpr const char* now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// The names of a run's own phases, as a condition.
inline constexpr const char* is_open = "phase IN ('ready', 'sending', 'executing', 'suspended')";

/// Rows that one statement inserts at most: it has at most 65535 arguments.
inline constexpr std::size_t most_rows = max_records;

struct locked_run
{
    run_row row{};
    time_point now{};
};

/// The row of a run, which nobody else changes until the end of the transaction: the statement that asks for it, and
/// what it gave.
pg_statement lock_statement(std::string_view run_id);
std::optional<locked_run> read_locked_run(const pg_rows& rows);

/// Both.
awaitable<std::optional<locked_run>> lock_run(pg_connection& c /* borrowed */, std::string run_id);

awaitable<create_outcome> create(pg_connection& c /* borrowed */, const create_request& r /* borrowed */);
awaitable<create_outcome> restore(pg_connection& c /* borrowed */, const restore_request& r /* borrowed */);
awaitable<load_result> load(pg_connection& c /* borrowed */, const load_request& r /* borrowed */);
awaitable<acquire_result> acquire(pg_connection& c /* borrowed */, const acquire_request& r /* borrowed */);
awaitable<renew_result> renew(pg_connection& c /* borrowed */, const renew_request& r /* borrowed */);
awaitable<lease_outcome> release(pg_connection& c /* borrowed */, const release_request& r /* borrowed */);
awaitable<commit_result> commit(pg_connection& c /* borrowed */, const commit_request& r /* borrowed */);
awaitable<append_result> append_call(pg_connection& c /* borrowed */, const append_request& r /* borrowed */);

/// append_call() as one statement, which gives how many runs it found, and how many records it inserted.
struct append_statement
{
    explicit append_statement(const append_request& r);

    std::string text;
    pg_arguments arguments;
};

awaitable<post_outcome> post(pg_connection& c /* borrowed */, const post_request& r /* borrowed */);
awaitable<late_outcome> put_late(pg_connection& c /* borrowed */, const late_request& r /* borrowed */);
awaitable<std::vector<std::string>> list_resumable(pg_connection& c /* borrowed */, const run_filter& f /* borrowed */);
awaitable<list_page> list(pg_connection& c /* borrowed */, const list_query& q /* borrowed */);
awaitable<remove_outcome> remove(pg_connection& c /* borrowed */, std::string run_id, bool must_be_terminal);
awaitable<bool>
set_ttl(pg_connection& c /* borrowed */, std::string run_id, std::optional<std::chrono::milliseconds> ttl);
awaitable<std::size_t> collect(pg_connection& c /* borrowed */, const collect_query& q /* borrowed */);
awaitable<bool> put_blob(
    pg_connection& c /* borrowed */, std::string run_id, std::string name, const std::string& bytes /* borrowed */
);
awaitable<void> insert_blob(
    pg_connection& c /* borrowed */, std::string run_id, std::string name, const std::string& bytes /* borrowed */
);
awaitable<std::optional<std::string>> get_blob(pg_connection& c /* borrowed */, std::string run_id, std::string name);

/// "($5, $6), ($7, $8)": places of `rows` rows of `columns` arguments each, after `before` others.
std::string places(std::size_t rows, std::size_t columns, std::size_t before);

/// The arguments of a log entry as a row of dedalus_log, but for its run: 8 columns.
void add_entry(pg_arguments& to, const log_entry& entry);

awaitable<void> insert_entries(
    pg_connection& c /* borrowed */, std::string run_id, const std::vector<log_entry>& entries /* borrowed */
);

/// The arguments of a call record as a row of dedalus_calls, but for its run and op_id: 9 columns.
void add_call(pg_arguments& to, const call_record& record);

/// A row of call_id, occurrence, kind, attempt, fence, at, body, crc.
call_record read_call(const pg_rows& rows, std::size_t row);

awaitable<void> insert_calls(
    pg_connection& c /* borrowed */,
    std::string run_id,
    const std::vector<call_record>& records /* borrowed */,
    std::string op_id
);

/// In place of the wait with this key, if there is one.
awaitable<void> put_wait(pg_connection& c /* borrowed */, std::string run_id, const wait_record& wait /* borrowed */);

/// Those of the records whose places are taken, by other operations than `op_id`.
awaitable<std::vector<call_record>> existing_calls(
    pg_connection& c /* borrowed */,
    std::string run_id,
    const std::vector<call_record>& records /* borrowed */,
    std::string op_id
);

}  // namespace dedalus::stores::pg
