#include "stores/labels.hpp"
#include "stores/sqlite_tables.hpp"

// What the tables give: whole runs and listings.

namespace dedalus::stores {

namespace {

call_record read_call(const sqlite_query& q)
{
    call_record record;
    record.key.call_id = q.bytes(0);
    record.key.occurrence = q.number(1);
    record.kind = static_cast<call_record_kind>(q.number(2));
    record.attempt = q.number(3);
    record.fence = q.number(4);
    record.at = *q.time(5);
    record.body = q.bytes(6);
    record.crc32c = static_cast<std::uint32_t>(q.number(7));
    return record;
}

}  // namespace

load_result sqlite_tables::load(const load_request& request)
{
    load_result result;
    stored_run& run = result.run;
    {
        sqlite_query q = db_.query(
            "SELECT head, phase, wakeup_at, expires_at, labels, rev, last_seq, fence, created_at, updated_at "
            "FROM runs WHERE run_id = ?",
            std::string_view(request.run_id)
        );
        if (!q.next())
            return result;
        run.run_id = request.run_id;
        run.head.bytes = q.bytes(0);
        run.head.phase = to_run_phase(q.text(1)).value_or(run_phase::failed);
        run.head.wakeup_at = q.time(2);
        run.head.expires_at = q.time(3);
        run.head.labels = labels_from_json(q.text(4));
        run.rev = q.number(5);
        run.last_seq = q.number(6);
        run.fence = q.number(7);
        run.created_at = *q.time(8);
        run.updated_at = *q.time(9);
    }
    read_records(run, request.from_seq);
    read_outside(run);
    if (request.from_seq == 1)
        read_blobs(run);
    result.outcome = is_intact(run, request.from_seq) ? load_outcome::loaded : load_outcome::corrupt;
    return result;
}

void sqlite_tables::read_records(stored_run& run, std::int64_t from_seq)
{
    sqlite_query log = db_.query(
        "SELECT seq, at, fence, turn, kind, body, raw, crc FROM log WHERE run_id = ? AND seq >= ? ORDER BY seq",
        std::string_view(run.run_id),
        from_seq
    );
    while (log.next()) {
        log_entry& entry = run.entries.emplace_back();
        entry.seq = log.number(0);
        entry.at = *log.time(1);
        entry.fence = log.number(2);
        entry.turn = log.number(3);
        entry.kind = log.text(4);
        entry.body = log.bytes(5);
        entry.raw = log.bytes(6);
        entry.crc32c = static_cast<std::uint32_t>(log.number(7));
    }
    sqlite_query calls = db_.query(
        "SELECT call_id, occurrence, kind, attempt, fence, at, body, crc FROM calls WHERE run_id = ? "
        "ORDER BY call_id, occurrence, slot",
        std::string_view(run.run_id)
    );
    while (calls.next())
        run.calls.push_back(read_call(calls));
}

void sqlite_tables::read_outside(stored_run& run)
{
    sqlite_query waits = db_.query(
        "SELECT call_id, occurrence, kind, fingerprint, token_sha256, expires_at, body, decided_by FROM waits "
        "WHERE run_id = ? ORDER BY call_id, occurrence, kind",
        std::string_view(run.run_id)
    );
    while (waits.next()) {
        wait_record& wait = run.waits.emplace_back();
        wait.key.call.call_id = waits.bytes(0);
        wait.key.call.occurrence = waits.number(1);
        wait.key.kind = waits.text(2);
        wait.fingerprint = waits.bytes(3);
        wait.token_sha256 = waits.bytes(4);
        wait.expires_at = waits.time(5);
        wait.body = waits.bytes(6);
        wait.decided_by = waits.text(7);
    }
    sqlite_query inbox = db_.query(
        "SELECT inbox_id, call_id, occurrence, wait_kind, kind, body, at FROM inbox "
        "WHERE run_id = ? AND consumed_rev IS NULL ORDER BY arrival",
        std::string_view(run.run_id)
    );
    while (inbox.next()) {
        inbox_item& item = run.inbox.emplace_back();
        item.inbox_id = inbox.text(0);
        if (!inbox.is_null(3)) {
            wait_key& key = item.wait.emplace();
            key.call.call_id = inbox.bytes(1);
            key.call.occurrence = inbox.number(2);
            key.kind = inbox.text(3);
        }
        item.kind = inbox.text(4);
        item.body = inbox.bytes(5);
        item.at = *inbox.time(6);
    }
    sqlite_query late = db_.query(
        "SELECT call_id, occurrence, fence, body, at FROM late WHERE run_id = ? ORDER BY call_id, occurrence, fence",
        std::string_view(run.run_id)
    );
    while (late.next()) {
        late_result& result = run.late.emplace_back();
        result.key.call_id = late.bytes(0);
        result.key.occurrence = late.number(1);
        result.fence = late.number(2);
        result.body = late.bytes(3);
        result.at = *late.time(4);
    }
}

std::optional<sqlite_tables::found_call> sqlite_tables::find_call(const std::string& run_id, const call_record& record)
{
    sqlite_query q = db_.query(
        "SELECT call_id, occurrence, kind, attempt, fence, at, body, crc, op_id FROM calls "
        "WHERE run_id = ? AND call_id = ? AND occurrence = ? AND slot = ?",
        std::string_view(run_id),
        blob{record.key.call_id},
        record.key.occurrence,
        call_slot(record)
    );
    if (!q.next())
        return {};
    return found_call{read_call(q), q.text(8)};
}

std::vector<std::string> sqlite_tables::list_resumable(const run_filter& filter, time_point now)
{
    const std::string labels = labels_to_json(filter.labels);
    sqlite_query q = db_.query(
        "SELECT run_id FROM runs r WHERE phase IN ('ready', 'sending', 'executing', 'suspended') "
        "AND (lease_owner = '' OR lease_until <= ?1) "
        "AND (phase <> 'suspended' OR wakeup_at <= ?1 "
        "OR EXISTS (SELECT 1 FROM inbox i WHERE i.run_id = r.run_id AND i.consumed_rev IS NULL)) "
        "AND NOT EXISTS (SELECT 1 FROM json_each(?2) f WHERE NOT EXISTS "
        "(SELECT 1 FROM json_each(r.labels) l WHERE l.key = f.key AND l.value = f.value)) "
        "ORDER BY wakeup_at NULLS FIRST, created_at, run_id LIMIT ?3",
        micros(now),
        std::string_view(labels),
        static_cast<std::int64_t>(filter.limit)
    );
    std::vector<std::string> ids;
    while (q.next())
        ids.push_back(q.text(0));
    return ids;
}

list_page sqlite_tables::list(const list_query& query, time_point now)
{
    const std::string labels = labels_to_json(query.labels);
    const cursor_place after = read_cursor(query.cursor).value_or(cursor_place{time_point::min(), ""});
    const std::string_view phase = query.phase ? to_string(*query.phase) : std::string_view();
    sqlite_query q = db_.query(
        "SELECT run_id, phase, labels, rev, fence, CASE WHEN lease_until > ?1 THEN lease_owner ELSE '' END, wakeup_at, "
        "expires_at, created_at, updated_at FROM runs r WHERE (created_at, run_id) > (?2, ?3) "
        "AND (?4 = '' OR phase = ?4) AND updated_at >= ?5 AND updated_at < ?6 "
        "AND NOT EXISTS (SELECT 1 FROM json_each(?7) f WHERE NOT EXISTS "
        "(SELECT 1 FROM json_each(r.labels) l WHERE l.key = f.key AND l.value = f.value)) "
        "ORDER BY created_at, run_id LIMIT ?8",
        micros(now),
        micros(after.created_at),
        std::string_view(after.run_id),
        phase,
        micros(query.updated_from.value_or(time_point::min())),
        micros(query.updated_until.value_or(time_point::max())),
        std::string_view(labels),
        static_cast<std::int64_t>(query.limit) + 1
    );
    list_page page;
    while (q.next()) {
        if (page.runs.size() == query.limit) {
            page.next = make_cursor(page.runs.back().created_at, page.runs.back().run_id);
            break;
        }
        run_summary& run = page.runs.emplace_back();
        run.run_id = q.text(0);
        run.phase = to_run_phase(q.text(1)).value_or(run_phase::failed);
        run.labels = labels_from_json(q.text(2));
        run.rev = q.number(3);
        run.fence = q.number(4);
        run.lease_owner = q.text(5);
        run.wakeup_at = q.time(6);
        run.expires_at = q.time(7);
        run.created_at = *q.time(8);
        run.updated_at = *q.time(9);
    }
    return page;
}

void sqlite_tables::read_blobs(stored_run& run)
{
    sqlite_query blobs = db_.query("SELECT sha256, bytes FROM blobs WHERE run_id = ?", std::string_view(run.run_id));
    while (blobs.next())
        run.blobs.emplace(blobs.text(0), blobs.bytes(1));
}

std::optional<std::string> sqlite_tables::get_blob(const std::string& run_id, const std::string& name)
{
    sqlite_query q = db_.query(
        "SELECT bytes FROM blobs WHERE run_id = ? AND sha256 = ?", std::string_view(run_id), std::string_view(name)
    );
    if (!q.next())
        return {};
    return q.bytes(0);
}

}  // namespace dedalus::stores
