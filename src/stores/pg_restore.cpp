#include "stores/labels.hpp"
#include "stores/pg_operations.hpp"

// A whole run of another store.

namespace dedalus::stores::pg {

namespace {

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
    co_await insert_entries(c, r.run.run_id, r.run.entries);
    co_await insert_calls(c, r.run.run_id, r.run.calls, r.op_id);
    for (const wait_record& wait : r.run.waits)
        co_await put_wait(c, r.run.run_id, wait);
    co_await restore_inbox(c, r.run);
    co_await restore_late(c, r.run);
    for (const auto& [name, bytes] : r.run.blobs)
        co_await insert_blob(c, r.run.run_id, name, bytes);
    co_return create_outcome::created;
}

}  // namespace dedalus::stores::pg
