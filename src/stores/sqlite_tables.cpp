#include "stores/sqlite_tables.hpp"

#include "stores/labels.hpp"

#include <algorithm>

namespace dedalus::stores {

std::optional<run_row> sqlite_tables::find(const std::string& run_id)
{
    sqlite_query q = db_.query(
        "SELECT phase, rev, last_seq, fence, lease_owner, lease_until, create_op, last_op FROM runs WHERE run_id = ?",
        std::string_view(run_id)
    );
    if (!q.next())
        return {};
    run_row row;
    row.phase = to_run_phase(q.text(0)).value_or(run_phase::failed);
    row.rev = q.number(1);
    row.last_seq = q.number(2);
    row.fence = q.number(3);
    row.lease_owner = q.text(4);
    row.lease_until = *q.time(5);
    row.create_op = q.text(6);
    row.last_op = q.text(7);
    return row;
}

create_outcome sqlite_tables::create(const create_request& request, time_point now)
{
    if (const auto row = find(request.run_id))
        return row->create_op == request.op_id ? create_outcome::created : create_outcome::exists;
    const std::string labels = labels_to_json(request.head.labels);
    db_.run(
        "INSERT INTO runs VALUES (?, ?, ?, ?, 1, ?, 0, '', 0, ?, ?, ?, ?, NULL, ?, '')",
        std::string_view(request.run_id),
        to_string(request.head.phase),
        blob{request.head.bytes},
        std::string_view(labels),
        static_cast<std::int64_t>(request.entries.size()),
        request.head.wakeup_at,
        request.head.expires_at,
        micros(now),
        micros(now),
        std::string_view(request.op_id)
    );
    insert_entries(request.run_id, request.entries);
    return create_outcome::created;
}

void sqlite_tables::insert_entries(const std::string& run_id, const std::vector<log_entry>& entries)
{
    for (const log_entry& entry : entries) {
        db_.run(
            "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            std::string_view(run_id),
            entry.seq,
            micros(entry.at),
            entry.fence,
            entry.turn,
            std::string_view(entry.kind),
            blob{entry.body},
            blob{entry.raw},
            std::int64_t{entry.crc32c}
        );
    }
}

void sqlite_tables::insert_call(const std::string& run_id, const call_record& record, const std::string& op_id)
{
    db_.run(
        "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        std::string_view(run_id),
        blob{record.key.call_id},
        record.key.occurrence,
        call_slot(record),
        static_cast<std::int64_t>(record.kind),
        record.attempt,
        record.fence,
        micros(record.at),
        blob{record.body},
        std::int64_t{record.crc32c},
        std::string_view(op_id)
    );
}

acquire_result sqlite_tables::acquire(const acquire_request& request, time_point now)
{
    auto row = find(request.run_id);
    if (!row)
        return {};
    const std::int64_t fence = row->fence;
    acquire_result result = decide_acquire(*row, request, now);
    if (row->fence != fence) {
        db_.run(
            "UPDATE runs SET fence = ?, lease_owner = ?, lease_until = ?, last_op = ? WHERE run_id = ?",
            row->fence,
            std::string_view(row->lease_owner),
            micros(row->lease_until),
            std::string_view(row->last_op),
            std::string_view(request.run_id)
        );
    }
    return result;
}

renew_result sqlite_tables::renew(const renew_request& request, time_point now)
{
    renew_result result;
    const time_point until = now + request.ttl;
    const std::int64_t changed = db_.run(
        "UPDATE runs SET lease_until = ? WHERE run_id = ? AND fence = ? AND lease_owner <> ''",
        micros(until),
        std::string_view(request.run_id),
        request.fence
    );
    if (changed == 1) {
        result.outcome = lease_outcome::ok;
        result.until = until;
    }
    return result;
}

lease_outcome sqlite_tables::release(const release_request& request)
{
    const std::int64_t changed = db_.run(
        "UPDATE runs SET lease_owner = '', wakeup_at = coalesce(?, wakeup_at) WHERE run_id = ? AND fence = ?",
        request.wakeup_at,
        std::string_view(request.run_id),
        request.fence
    );
    return changed == 1 ? lease_outcome::ok : lease_outcome::lost;
}

bool sqlite_tables::pending(const std::string& run_id, const std::string& inbox_id)
{
    sqlite_query q = db_.query(
        "SELECT 1 FROM inbox WHERE run_id = ? AND inbox_id = ? AND consumed_rev IS NULL",
        std::string_view(run_id),
        std::string_view(inbox_id)
    );
    return q.next();
}

std::optional<wait_record> sqlite_tables::find_wait(const std::string& run_id, const wait_key& key)
{
    sqlite_query q = db_.query(
        "SELECT fingerprint, token_sha256, expires_at, decided_by FROM waits "
        "WHERE run_id = ? AND call_id = ? AND occurrence = ? AND kind = ?",
        std::string_view(run_id),
        blob{key.call.call_id},
        key.call.occurrence,
        std::string_view(key.kind)
    );
    if (!q.next())
        return {};
    wait_record wait;
    wait.key = key;
    wait.fingerprint = q.bytes(0);
    wait.token_sha256 = q.bytes(1);
    wait.expires_at = q.time(2);
    wait.decided_by = q.text(3);
    return wait;
}

bool sqlite_tables::is_free(const wait_key& key, const commit_request& request)
{
    const auto wait = find_wait(request.run_id, key);
    return !wait || wait_is_free(*wait, pending(request.run_id, wait->decided_by), request);
}

bool sqlite_tables::fits(const commit_request& request)
{
    const auto is_new = [&](const call_record& record) { return !find_call(request.run_id, record); };
    return std::ranges::all_of(request.calls, is_new) &&
           std::ranges::all_of(request.waits, [&](const wait_record& w) { return is_free(w.key, request); }) &&
           std::ranges::all_of(request.closed_waits, [&](const wait_key& k) { return is_free(k, request); }) &&
           std::ranges::all_of(request.consumed_inbox, [&](const auto& id) { return pending(request.run_id, id); });
}

commit_result sqlite_tables::commit(const commit_request& request, time_point now)
{
    auto row = find(request.run_id);
    if (!row)
        return {};
    commit_result result = decide_commit(*row, request);
    if (result.outcome != commit_outcome::committed)
        return result;
    if (!fits(request)) {
        result.outcome = commit_outcome::conflict;
        result.rev = row->rev;
        return result;
    }
    apply_commit(*row, request);
    const std::string_view run_id = request.run_id;
    const std::string labels = labels_to_json(request.head.labels);
    db_.run(
        "UPDATE runs SET phase = ?, head = ?, labels = ?, rev = ?, last_seq = ?, wakeup_at = ?, expires_at = ?, "
        "updated_at = ?, last_op = ? WHERE run_id = ?",
        to_string(row->phase),
        blob{request.head.bytes},
        std::string_view(labels),
        row->rev,
        row->last_seq,
        request.head.wakeup_at,
        request.head.expires_at,
        micros(now),
        std::string_view(row->last_op),
        run_id
    );
    insert_entries(request.run_id, request.entries);
    for (const call_record& record : request.calls)
        insert_call(request.run_id, record, request.op_id);
    write_outside(request, row->rev);
    return result;
}

void sqlite_tables::write_outside(const commit_request& request, std::int64_t rev)
{
    const std::string_view run_id = request.run_id;
    for (const wait_record& wait : request.waits)
        put_wait(request.run_id, wait);
    for (const wait_key& key : request.closed_waits) {
        db_.run(
            "UPDATE waits SET decided_by = ? WHERE run_id = ? AND call_id = ? AND occurrence = ? AND kind = ? "
            "AND decided_by = ''",
            closed_by_commit,
            run_id,
            blob{key.call.call_id},
            key.call.occurrence,
            std::string_view(key.kind)
        );
    }
    for (const std::string& id : request.consumed_inbox)
        db_.run(
            "UPDATE inbox SET consumed_rev = ? WHERE run_id = ? AND inbox_id = ?", rev, run_id, std::string_view(id)
        );
}

}  // namespace dedalus::stores
