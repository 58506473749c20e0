#include "stores/labels.hpp"
#include "stores/sqlite_tables.hpp"

// A whole run of another store.

namespace dedalus::stores {

create_outcome sqlite_tables::restore(const restore_request& request)
{
    const stored_run& run = request.run;
    if (const auto row = find(run.run_id))
        return row->create_op == request.op_id ? create_outcome::created : create_outcome::exists;
    const std::string labels = labels_to_json(run.head.labels);
    db_.run(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, '', 0, ?, ?, ?, ?, NULL, ?, '')",
        std::string_view(run.run_id),
        to_string(run.head.phase),
        blob{run.head.bytes},
        std::string_view(labels),
        run.rev,
        run.last_seq,
        run.fence,
        run.head.wakeup_at,
        run.head.expires_at,
        micros(run.created_at),
        micros(run.updated_at),
        std::string_view(request.op_id)
    );
    insert_entries(run.run_id, run.entries);
    for (const call_record& record : run.calls)
        insert_call(run.run_id, record, request.op_id);
    for (const wait_record& wait : run.waits)
        put_wait(run.run_id, wait);
    insert_inbox(run);
    for (const late_result& late : run.late)
        insert_late(run.run_id, late);
    for (const auto& [name, bytes] : run.blobs)
        put_blob(run.run_id, name, bytes);
    return create_outcome::created;
}

void sqlite_tables::insert_inbox(const stored_run& run)
{
    for (const inbox_item& item : run.inbox) {
        const wait_key key = item.wait.value_or(wait_key());
        db_.run(
            "INSERT INTO inbox (run_id, inbox_id, call_id, occurrence, wait_kind, kind, body, at) "
            "VALUES (?, ?, ?, ?, nullif(?, ''), ?, ?, ?)",
            std::string_view(run.run_id),
            std::string_view(item.inbox_id),
            blob{key.call.call_id},
            key.call.occurrence,
            std::string_view(key.kind),
            std::string_view(item.kind),
            blob{item.body},
            micros(item.at)
        );
    }
}

}  // namespace dedalus::stores
