#include "stores/labels.hpp"
#include "stores/pg_operations.hpp"

#include <algorithm>

// Runs as a whole: creation, lease, removal.

namespace dedalus::stores::pg {

pg_statement lock_statement(std::string_view run_id)
{
    pg_statement statement;
    statement.text = std::string("SELECT phase, rev, last_seq, fence, lease_owner, lease_until, create_op, last_op, ") +
                     now + " FROM dedalus_runs WHERE run_id = $1 FOR NO KEY UPDATE";
    statement.arguments.text(run_id);
    return statement;
}

std::optional<locked_run> read_locked_run(const pg_rows& rows)
{
    if (rows.size() == 0)
        return std::nullopt;
    locked_run run;
    run.row.phase = to_run_phase(rows.text(0, 0)).value_or(run_phase::failed);
    run.row.rev = rows.number(0, 1);
    run.row.last_seq = rows.number(0, 2);
    run.row.fence = rows.number(0, 3);
    run.row.lease_owner = rows.text(0, 4);
    run.row.lease_until = *rows.time(0, 5);
    run.row.create_op = rows.text(0, 6);
    run.row.last_op = rows.text(0, 7);
    run.now = *rows.time(0, 8);
    return run;
}

awaitable<std::optional<locked_run>> lock_run(pg_connection& c /* borrowed */, std::string run_id)
{
    const pg_statement statement = lock_statement(run_id);
    const pg_rows rows = co_await c.run(statement);
    co_return read_locked_run(rows);
}

std::string places(std::size_t rows, std::size_t columns, std::size_t before)
{
    std::string text;
    for (std::size_t row = 0; row < rows; ++row) {
        text += row == 0 ? "(" : ", (";
        for (std::size_t column = 0; column < columns; ++column)
            text += (column == 0 ? "$" : ", $") + std::to_string(before + row * columns + column + 1);
        text += ')';
    }
    return text;
}

awaitable<create_outcome> create(pg_connection& c /* borrowed */, const create_request& r /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(r.run_id).text(to_string(r.head.phase)).bytes(r.head.bytes).text(labels_to_json(r.head.labels));
    arguments.number(static_cast<std::int64_t>(r.entries.size())).time(r.head.wakeup_at).time(r.head.expires_at);
    arguments.text(r.op_id);
    const std::string statement =
        std::string("WITH t AS (SELECT ") + now +
        " AS at) INSERT INTO dedalus_runs SELECT $1, $2, $3, $4::text::jsonb, 1, $5, 0, '', 0, $6, $7, t.at, t.at, "
        "NULL, $8, '' FROM t ON CONFLICT DO NOTHING";
    const pg_rows inserted = co_await c.run(statement, std::move(arguments));
    if (inserted.changed() == 0) {
        const auto there = co_await lock_run(c, r.run_id);
        const bool mine = there && there->row.create_op == r.op_id;
        co_return mine ? create_outcome::created : create_outcome::exists;
    }
    co_await insert_entries(c, r.run_id, r.entries);
    co_return create_outcome::created;
}

void add_entry(pg_arguments& to, const log_entry& entry)
{
    to.number(entry.seq).time(entry.at).number(entry.fence).number(entry.turn);
    to.text(entry.kind).bytes(entry.body).bytes(entry.raw).number(entry.crc32c);
}

awaitable<void> insert_entries(
    pg_connection& c /* borrowed */, std::string run_id, const std::vector<log_entry>& entries /* borrowed */
)
{
    for (std::size_t first = 0; first < entries.size(); first += most_rows) {
        const std::size_t rows = std::min(entries.size() - first, most_rows);
        pg_arguments arguments;
        for (std::size_t i = first; i < first + rows; ++i) {
            arguments.text(run_id);
            add_entry(arguments, entries[i]);
        }
        std::string statement = "INSERT INTO dedalus_log VALUES " + places(rows, 9, 0);
        co_await c.run(std::move(statement), std::move(arguments));
    }
}

awaitable<acquire_result> acquire(pg_connection& c /* borrowed */, const acquire_request& r /* borrowed */)
{
    auto run = co_await lock_run(c, r.run_id);
    if (!run)
        co_return acquire_result();
    const std::int64_t fence = run->row.fence;
    acquire_result result = decide_acquire(run->row, r, run->now);
    if (run->row.fence != fence) {
        pg_arguments arguments;
        arguments.text(r.run_id).number(run->row.fence).text(run->row.lease_owner).time(run->row.lease_until);
        arguments.text(run->row.last_op);
        co_await c.run(
            "UPDATE dedalus_runs SET fence = $2, lease_owner = $3, lease_until = $4, last_op = $5 WHERE run_id = $1",
            std::move(arguments)
        );
    }
    co_return result;
}

awaitable<renew_result> renew(pg_connection& c /* borrowed */, const renew_request& r /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(r.run_id).number(r.fence).number(std::chrono::microseconds(r.ttl).count());
    const std::string statement = std::string("UPDATE dedalus_runs SET lease_until = $3 + ") + now +
                                  " WHERE run_id = $1 AND fence = $2 AND lease_owner <> '' RETURNING lease_until";
    const pg_rows rows = co_await c.run(statement, std::move(arguments));
    renew_result result;
    if (rows.size() == 1) {
        result.outcome = lease_outcome::ok;
        result.until = *rows.time(0, 0);
    }
    co_return result;
}

awaitable<lease_outcome> release(pg_connection& c /* borrowed */, const release_request& r /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(r.run_id).number(r.fence).time(r.wakeup_at);
    const pg_rows rows = co_await c.run(
        "UPDATE dedalus_runs SET lease_owner = '', wakeup_at = coalesce($3, wakeup_at) WHERE run_id = $1 AND fence = "
        "$2",
        std::move(arguments)
    );
    co_return rows.changed() == 1 ? lease_outcome::ok : lease_outcome::lost;
}

awaitable<remove_outcome> remove(pg_connection& c /* borrowed */, std::string run_id, bool must_be_terminal)
{
    const auto run = co_await lock_run(c, run_id);
    if (!run)
        co_return remove_outcome::not_found;
    if (must_be_terminal && !is_terminal(run->row.phase))
        co_return remove_outcome::refused;
    pg_arguments arguments;
    arguments.text(run_id);
    co_await c.run("DELETE FROM dedalus_runs WHERE run_id = $1", std::move(arguments));
    co_return remove_outcome::removed;
}

awaitable<bool>
set_ttl(pg_connection& c /* borrowed */, std::string run_id, std::optional<std::chrono::milliseconds> ttl)
{
    pg_arguments arguments;
    arguments.text(run_id).time(ttl ? std::optional(time_point(std::chrono::microseconds(*ttl))) : std::nullopt);
    const std::string statement =
        std::string("UPDATE dedalus_runs SET collect_at = $2 + ") + now + " WHERE run_id = $1";
    const pg_rows rows = co_await c.run(statement, std::move(arguments));
    co_return rows.changed() == 1;
}

awaitable<std::size_t> collect(pg_connection& c /* borrowed */, const collect_query& q /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(q.phase ? to_string(*q.phase) : std::string_view());
    arguments.number(std::chrono::microseconds(q.age).count()).number(static_cast<std::int64_t>(q.limit));
    const std::string statement =
        std::string("WITH t AS (SELECT ") + now +
        " AS at) DELETE FROM dedalus_runs WHERE run_id IN (SELECT run_id FROM dedalus_runs r, t "
        "WHERE (lease_owner = '' OR lease_until <= t.at) AND (collect_at <= t.at OR (NOT " +
        is_open + " AND ($1 = '' OR phase = $1) AND updated_at <= t.at - $2)) LIMIT $3 FOR UPDATE OF r SKIP LOCKED)";
    const pg_rows rows = co_await c.run(statement, std::move(arguments));
    co_return static_cast<std::size_t>(rows.changed());
}

awaitable<void> insert_blob(
    pg_connection& c /* borrowed */, std::string run_id, std::string name, const std::string& bytes /* borrowed */
)
{
    pg_arguments arguments;
    arguments.text(run_id).text(name).bytes(bytes);
    co_await c.run("INSERT INTO dedalus_blobs VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", std::move(arguments));
}

awaitable<bool>
put_blob(pg_connection& c /* borrowed */, std::string run_id, std::string name, const std::string& bytes /* borrowed */)
{
    const auto run = co_await lock_run(c, run_id);
    if (!run)
        co_return false;
    co_await insert_blob(c, run_id, name, bytes);
    co_return true;
}

awaitable<std::optional<std::string>> get_blob(pg_connection& c /* borrowed */, std::string run_id, std::string name)
{
    pg_arguments arguments;
    arguments.text(run_id).text(name);
    const pg_rows rows =
        co_await c.run("SELECT bytes FROM dedalus_blobs WHERE run_id = $1 AND sha256 = $2", std::move(arguments));
    if (rows.size() == 0)
        co_return std::nullopt;
    co_return rows.text(0, 0);
}

}  // namespace dedalus::stores::pg
