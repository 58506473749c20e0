#include "stores/pg_operations.hpp"

#include <algorithm>

// What is written beside the commits: call records, posts, late results.

namespace dedalus::stores::pg {

void add_call(pg_arguments& to, const call_record& record)
{
    to.bytes(record.key.call_id).number(record.key.occurrence).number(call_slot(record));
    to.number(static_cast<std::int64_t>(record.kind)).number(record.attempt).number(record.fence).time(record.at);
    to.bytes(record.body).number(record.crc32c);
}

call_record read_call(const pg_rows& rows, std::size_t row)
{
    call_record record;
    record.key.call_id = rows.text(row, 0);
    record.key.occurrence = rows.number(row, 1);
    record.kind = static_cast<call_record_kind>(rows.number(row, 2));
    record.attempt = rows.number(row, 3);
    record.fence = rows.number(row, 4);
    record.at = *rows.time(row, 5);
    record.body = rows.text(row, 6);
    record.crc32c = static_cast<std::uint32_t>(rows.number(row, 7));
    return record;
}

awaitable<std::vector<call_record>> existing_calls(
    pg_connection& c /* borrowed */,
    std::string run_id,
    const std::vector<call_record>& records /* borrowed */,
    std::string op_id
)
{
    std::vector<call_record> existing;
    if (records.empty())
        co_return existing;
    pg_arguments arguments;
    arguments.text(run_id).text(op_id);
    for (const call_record& record : records)
        arguments.bytes(record.key.call_id).number(record.key.occurrence).number(call_slot(record));
    std::string statement = "SELECT call_id, occurrence, kind, attempt, fence, at, body, crc FROM dedalus_calls "
                            "WHERE run_id = $1 AND op_id <> $2 AND (call_id, occurrence, slot) IN (VALUES " +
                            places(records.size(), 3, 2) + ") ORDER BY call_id, occurrence, slot";
    const pg_rows rows = co_await c.run(std::move(statement), std::move(arguments));
    for (std::size_t i = 0; i < rows.size(); ++i)
        existing.push_back(read_call(rows, i));
    co_return existing;
}

awaitable<void> insert_calls(
    pg_connection& c /* borrowed */,
    std::string run_id,
    const std::vector<call_record>& records /* borrowed */,
    std::string op_id
)
{
    for (std::size_t first = 0; first < records.size(); first += most_rows) {
        const std::size_t rows = std::min(records.size() - first, most_rows);
        pg_arguments arguments;
        arguments.text(run_id).text(op_id);
        for (std::size_t i = first; i < first + rows; ++i)
            add_call(arguments, records[i]);
        std::string statement =
            "INSERT INTO dedalus_calls SELECT $1, v.*, $2 FROM (VALUES " + places(rows, 9, 2) + ") v";
        co_await c.run(std::move(statement), std::move(arguments));
    }
}

awaitable<void> put_wait(pg_connection& c /* borrowed */, std::string run_id, const wait_record& wait /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(run_id).bytes(wait.key.call.call_id).number(wait.key.call.occurrence).text(wait.key.kind);
    arguments.bytes(wait.fingerprint).bytes(wait.token_sha256).time(wait.expires_at).bytes(wait.body);
    arguments.text(wait.decided_by);
    co_await c.run(
        "INSERT INTO dedalus_waits VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
        "ON CONFLICT (run_id, call_id, occurrence, kind) DO UPDATE SET fingerprint = $5, token_sha256 = $6, "
        "expires_at = $7, body = $8, decided_by = $9",
        std::move(arguments)
    );
}

// One statement: the share lock holds a takeover back until the records are there to be seen by it, and lets the other
// appends of the run go on. A takeover that was first makes the guard empty. All records go in or none, as the
// statement fails when one of them comes between the look and the insertion.
append_statement::append_statement(const append_request& r)
{
    arguments.text(r.run_id).number(r.fence).text(r.op_id);
    for (const call_record& record : r.records)
        add_call(arguments, record);
    text = "WITH guard AS MATERIALIZED (SELECT run_id FROM dedalus_runs WHERE run_id = $1 AND fence = $2 FOR SHARE), "
           "input (call_id, occurrence, slot, kind, attempt, fence, at, body, crc) AS (VALUES " +
           places(r.records.size(), 9, 3) +
           "), inserted AS (INSERT INTO dedalus_calls SELECT guard.run_id, input.*, $3 FROM guard, input "
           "WHERE NOT EXISTS (SELECT 1 FROM dedalus_calls d JOIN input i ON d.call_id = i.call_id "
           "AND d.occurrence = i.occurrence AND d.slot = i.slot WHERE d.run_id = $1) RETURNING 1) "
           "SELECT (SELECT count(*) FROM guard), (SELECT count(*) FROM inserted)";
}

awaitable<append_result> append_call(pg_connection& c /* borrowed */, const append_request& r /* borrowed */)
{
    append_statement statement(r);
    const pg_rows rows = co_await c.run(std::move(statement.text), std::move(statement.arguments));
    append_result result;
    if (rows.number(0, 0) == 0)
        co_return result;
    if (rows.number(0, 1) == 0)
        result.existing = co_await existing_calls(c, r.run_id, r.records, r.op_id);
    result.outcome = result.existing.empty() ? append_outcome::inserted : append_outcome::already;
    co_return result;
}

namespace {

struct inbox_state
{
    bool has_id = false;
    std::size_t pending = 0;
};

awaitable<inbox_state> look_into_inbox(pg_connection& c /* borrowed */, std::string run_id, std::string inbox_id)
{
    pg_arguments arguments;
    arguments.text(run_id).text(inbox_id);
    const pg_rows rows = co_await c.run(
        "SELECT EXISTS (SELECT 1 FROM dedalus_inbox WHERE run_id = $1 AND inbox_id = $2), "
        "(SELECT count(*) FROM dedalus_inbox WHERE run_id = $1 AND consumed_rev IS NULL)",
        std::move(arguments)
    );
    inbox_state state;
    state.has_id = rows.number(0, 0) != 0;
    state.pending = static_cast<std::size_t>(rows.number(0, 1));
    co_return state;
}

awaitable<std::optional<wait_record>>
find_wait(pg_connection& c /* borrowed */, std::string run_id, std::optional<wait_key> key)
{
    if (!key)
        co_return std::nullopt;
    pg_arguments arguments;
    arguments.text(run_id).bytes(key->call.call_id).number(key->call.occurrence).text(key->kind);
    const pg_rows rows = co_await c.run(
        "SELECT fingerprint, token_sha256, expires_at, decided_by FROM dedalus_waits "
        "WHERE run_id = $1 AND call_id = $2 AND occurrence = $3 AND kind = $4",
        std::move(arguments)
    );
    if (rows.size() == 0)
        co_return std::nullopt;
    wait_record wait;
    wait.fingerprint = rows.text(0, 0);
    wait.token_sha256 = rows.text(0, 1);
    wait.expires_at = rows.time(0, 2);
    wait.decided_by = rows.text(0, 3);
    co_return wait;
}

awaitable<void> insert_post(pg_connection& c /* borrowed */, const post_request& r /* borrowed */, time_point at)
{
    const wait_key key = r.wait.value_or(wait_key());
    pg_arguments item;
    item.text(r.run_id).text(r.inbox_id).bytes(key.call.call_id).number(key.call.occurrence).text(key.kind);
    item.text(r.kind).bytes(r.body).time(at);
    co_await c.run(
        "INSERT INTO dedalus_inbox (run_id, inbox_id, call_id, occurrence, wait_kind, kind, body, at) "
        "VALUES ($1, $2, $3, $4, nullif($5, ''), $6, $7, $8)",
        std::move(item)
    );
    pg_arguments decided;
    decided.text(r.run_id).text(r.inbox_id).bytes(key.call.call_id).number(key.call.occurrence).text(key.kind);
    co_await c.run(
        "UPDATE dedalus_waits SET decided_by = $2 WHERE run_id = $1 AND call_id = $3 AND occurrence = $4 AND kind = $5",
        std::move(decided)
    );
    pg_arguments woken;
    woken.text(r.run_id).time(at);
    co_await c.run("UPDATE dedalus_runs SET wakeup_at = $2 WHERE run_id = $1", std::move(woken));
    pg_arguments told;
    told.text(r.run_id);
    co_await c.run("SELECT pg_notify('dedalus_runs', $1)", std::move(told));
}

}  // namespace

awaitable<post_outcome> post(pg_connection& c /* borrowed */, const post_request& r /* borrowed */)
{
    const auto run = co_await lock_run(c, r.run_id);
    if (!run)
        co_return post_outcome::refused;
    const inbox_state inbox = co_await look_into_inbox(c, r.run_id, r.inbox_id);
    if (inbox.has_id)
        co_return post_outcome::duplicate;
    if (is_terminal(run->row.phase))
        co_return post_outcome::refused;
    const auto wait = co_await find_wait(c, r.run_id, r.wait);
    const post_outcome outcome = decide_post(r, wait ? &*wait : nullptr, inbox.pending, run->now);
    if (outcome == post_outcome::accepted)
        co_await insert_post(c, r, run->now);
    co_return outcome;
}

awaitable<late_outcome> put_late(pg_connection& c /* borrowed */, const late_request& r /* borrowed */)
{
    const auto run = co_await lock_run(c, r.run_id);
    if (!run)
        co_return late_outcome::refused;
    const late_result& late = r.result;
    pg_arguments place;
    place.text(r.run_id).bytes(late.key.call_id).number(late.key.occurrence).number(late.fence);
    const pg_rows rows = co_await c.run(
        "SELECT count(*), count(*) FILTER (WHERE call_id = $2 AND occurrence = $3 AND fence = $4) FROM dedalus_late "
        "WHERE run_id = $1",
        place
    );
    if (rows.number(0, 1) > 0)
        co_return late_outcome::stored;
    if (rows.number(0, 0) >= static_cast<std::int64_t>(max_late_results))
        co_return late_outcome::refused;
    place.bytes(late.body).time(run->now);
    co_await c.run("INSERT INTO dedalus_late VALUES ($1, $2, $3, $4, $5, $6)", std::move(place));
    co_return late_outcome::stored;
}

}  // namespace dedalus::stores::pg
