#include "stores/labels.hpp"
#include "stores/pg_operations.hpp"

#include <algorithm>

// A whole run of another store.

namespace dedalus::stores::pg {

namespace {

// A statement has at most 65535 arguments.
constexpr std::size_t most_rows = 1000;

awaitable<bool> insert_run(pg_connection& c /* borrowed */, const restore_request& r /* borrowed */)
{
    const stored_run& run = r.run;
    pg_arguments arguments;
    arguments.text(run.run_id).text(to_string(run.head.phase)).bytes(run.head.bytes);
    arguments.text(labels_to_json(run.head.labels)).number(run.rev).number(run.last_seq).number(run.fence);
    arguments.time(run.head.wakeup_at).time(run.head.expires_at).time(run.created_at).time(run.updated_at);
    arguments.text(r.op_id);
    const pg_rows inserted = co_await c.run(
        "INSERT INTO dedalus_runs VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7, '', 0, $8, $9, $10, $11, NULL, $12, "
        "'') ON CONFLICT DO NOTHING",
        std::move(arguments)
    );
    co_return inserted.changed() == 1;
}

awaitable<void> restore_log(pg_connection& c /* borrowed */, const stored_run& run /* borrowed */)
{
    for (std::size_t first = 0; first < run.entries.size(); first += most_rows) {
        const std::size_t last = std::min(run.entries.size(), first + most_rows);
        const std::vector<log_entry> some(&run.entries[first], &run.entries[0] + last);
        co_await insert_entries(c, run.run_id, some);
    }
}

awaitable<void> restore_calls(pg_connection& c /* borrowed */, const restore_request& r /* borrowed */)
{
    const std::vector<call_record>& calls = r.run.calls;
    for (std::size_t first = 0; first < calls.size(); first += most_rows) {
        const std::size_t rows = std::min(calls.size() - first, most_rows);
        pg_arguments arguments;
        arguments.text(r.run.run_id).text(r.op_id);
        for (std::size_t i = first; i < first + rows; ++i)
            add_call(arguments, calls[i]);
        std::string statement =
            "INSERT INTO dedalus_calls SELECT $1, v.*, $2 FROM (VALUES " + places(rows, 9, 2) + ") v";
        co_await c.run(std::move(statement), std::move(arguments));
    }
}

awaitable<void> restore_waits(pg_connection& c /* borrowed */, const stored_run& run /* borrowed */)
{
    for (const wait_record& wait : run.waits) {
        pg_arguments arguments;
        arguments.text(run.run_id).bytes(wait.key.call.call_id).number(wait.key.call.occurrence).text(wait.key.kind);
        arguments.bytes(wait.fingerprint).bytes(wait.token_sha256).time(wait.expires_at).bytes(wait.body);
        arguments.text(wait.decided_by);
        co_await c.run("INSERT INTO dedalus_waits VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", std::move(arguments));
    }
}

awaitable<void> restore_inbox(pg_connection& c /* borrowed */, const stored_run& run /* borrowed */)
{
    for (const inbox_item& item : run.inbox) {
        const wait_key key = item.wait.value_or(wait_key());
        pg_arguments arguments;
        arguments.text(run.run_id).text(item.inbox_id).bytes(key.call.call_id).number(key.call.occurrence);
        arguments.text(key.kind).text(item.kind).bytes(item.body).time(item.at);
        co_await c.run(
            "INSERT INTO dedalus_inbox (run_id, inbox_id, call_id, occurrence, wait_kind, kind, body, at) "
            "VALUES ($1, $2, $3, $4, nullif($5, ''), $6, $7, $8)",
            std::move(arguments)
        );
    }
}

awaitable<void> restore_late(pg_connection& c /* borrowed */, const stored_run& run /* borrowed */)
{
    for (const late_result& late : run.late) {
        pg_arguments arguments;
        arguments.text(run.run_id).bytes(late.key.call_id).number(late.key.occurrence).number(late.fence);
        arguments.bytes(late.body).time(late.at);
        co_await c.run("INSERT INTO dedalus_late VALUES ($1, $2, $3, $4, $5, $6)", std::move(arguments));
    }
}

}  // namespace

awaitable<create_outcome> restore(pg_connection& c /* borrowed */, const restore_request& r /* borrowed */)
{
    const bool inserted = co_await insert_run(c, r);
    if (!inserted) {
        const auto there = co_await lock_run(c, r.run.run_id);
        const bool mine = there && there->row.create_op == r.op_id;
        co_return mine ? create_outcome::created : create_outcome::exists;
    }
    co_await restore_log(c, r.run);
    co_await restore_calls(c, r);
    co_await restore_waits(c, r.run);
    co_await restore_inbox(c, r.run);
    co_await restore_late(c, r.run);
    co_return create_outcome::created;
}

}  // namespace dedalus::stores::pg
