#include "stores/labels.hpp"
#include "stores/pg_operations.hpp"

// Whole runs and listings.

namespace dedalus::stores::pg {

namespace {

awaitable<bool> read_head(pg_connection& c /* borrowed */, stored_run& run /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(run.run_id);
    const pg_rows rows = co_await c.run(
        "SELECT head, phase, wakeup_at, expires_at, labels::text, rev, last_seq, fence, created_at, updated_at "
        "FROM dedalus_runs WHERE run_id = $1",
        std::move(arguments)
    );
    if (rows.size() == 0)
        co_return false;
    run.head.bytes = rows.text(0, 0);
    run.head.phase = to_run_phase(rows.text(0, 1)).value_or(run_phase::failed);
    run.head.wakeup_at = rows.time(0, 2);
    run.head.expires_at = rows.time(0, 3);
    run.head.labels = labels_from_json(rows.text(0, 4));
    run.rev = rows.number(0, 5);
    run.last_seq = rows.number(0, 6);
    run.fence = rows.number(0, 7);
    run.created_at = *rows.time(0, 8);
    run.updated_at = *rows.time(0, 9);
    co_return true;
}

awaitable<void> read_entries(pg_connection& c /* borrowed */, stored_run& run /* borrowed */, std::int64_t from_seq)
{
    pg_arguments arguments;
    arguments.text(run.run_id).number(from_seq);
    const pg_rows rows = co_await c.run(
        "SELECT seq, at, fence, turn, kind, body, raw, crc FROM dedalus_log WHERE run_id = $1 AND seq >= $2 ORDER BY "
        "seq",
        std::move(arguments)
    );
    for (std::size_t i = 0; i < rows.size(); ++i) {
        log_entry& entry = run.entries.emplace_back();
        entry.seq = rows.number(i, 0);
        entry.at = *rows.time(i, 1);
        entry.fence = rows.number(i, 2);
        entry.turn = rows.number(i, 3);
        entry.kind = rows.text(i, 4);
        entry.body = rows.text(i, 5);
        entry.raw = rows.text(i, 6);
        entry.crc32c = static_cast<std::uint32_t>(rows.number(i, 7));
    }
}

awaitable<void> read_calls_and_late(pg_connection& c /* borrowed */, stored_run& run /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(run.run_id);
    const pg_rows calls = co_await c.run(
        "SELECT call_id, occurrence, kind, attempt, fence, at, body, crc FROM dedalus_calls WHERE run_id = $1 "
        "ORDER BY call_id, occurrence, slot",
        arguments
    );
    for (std::size_t i = 0; i < calls.size(); ++i)
        run.calls.push_back(read_call(calls, i));
    const pg_rows late = co_await c.run(
        "SELECT call_id, occurrence, fence, body, at FROM dedalus_late WHERE run_id = $1 "
        "ORDER BY call_id, occurrence, fence",
        arguments
    );
    for (std::size_t i = 0; i < late.size(); ++i) {
        late_result& result = run.late.emplace_back();
        result.key.call_id = late.text(i, 0);
        result.key.occurrence = late.number(i, 1);
        result.fence = late.number(i, 2);
        result.body = late.text(i, 3);
        result.at = *late.time(i, 4);
    }
}

awaitable<void> read_waits_and_inbox(pg_connection& c /* borrowed */, stored_run& run /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(run.run_id);
    const pg_rows waits = co_await c.run(
        "SELECT call_id, occurrence, kind, fingerprint, token_sha256, expires_at, body, decided_by FROM dedalus_waits "
        "WHERE run_id = $1 ORDER BY call_id, occurrence, kind",
        arguments
    );
    for (std::size_t i = 0; i < waits.size(); ++i) {
        wait_record& wait = run.waits.emplace_back();
        wait.key.call.call_id = waits.text(i, 0);
        wait.key.call.occurrence = waits.number(i, 1);
        wait.key.kind = waits.text(i, 2);
        wait.fingerprint = waits.text(i, 3);
        wait.token_sha256 = waits.text(i, 4);
        wait.expires_at = waits.time(i, 5);
        wait.body = waits.text(i, 6);
        wait.decided_by = waits.text(i, 7);
    }
    const pg_rows inbox = co_await c.run(
        "SELECT inbox_id, call_id, occurrence, wait_kind, kind, body, at FROM dedalus_inbox "
        "WHERE run_id = $1 AND consumed_rev IS NULL ORDER BY arrival",
        arguments
    );
    for (std::size_t i = 0; i < inbox.size(); ++i) {
        inbox_item& item = run.inbox.emplace_back();
        item.inbox_id = inbox.text(i, 0);
        if (!inbox.is_null(i, 3)) {
            wait_key& key = item.wait.emplace();
            key.call.call_id = inbox.text(i, 1);
            key.call.occurrence = inbox.number(i, 2);
            key.kind = inbox.text(i, 3);
        }
        item.kind = inbox.text(i, 4);
        item.body = inbox.text(i, 5);
        item.at = *inbox.time(i, 6);
    }
}

awaitable<void> read_blobs(pg_connection& c /* borrowed */, stored_run& run /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(run.run_id);
    const pg_rows rows =
        co_await c.run("SELECT sha256, bytes FROM dedalus_blobs WHERE run_id = $1", std::move(arguments));
    for (std::size_t i = 0; i < rows.size(); ++i)
        run.blobs.emplace(rows.text(i, 0), rows.text(i, 1));
}

// A condition: the labels of r have all of those in the argument.
std::string has_labels(int argument)
{
    return "labels @> $" + std::to_string(argument) + "::text::jsonb";
}

}  // namespace

awaitable<load_result> load(pg_connection& c /* borrowed */, const load_request& r /* borrowed */)
{
    load_result result;
    result.run.run_id = r.run_id;
    const bool found = co_await read_head(c, result.run);
    if (!found)
        co_return load_result();
    co_await read_entries(c, result.run, r.from_seq);
    co_await read_calls_and_late(c, result.run);
    co_await read_waits_and_inbox(c, result.run);
    if (r.from_seq == 1)
        co_await read_blobs(c, result.run);
    result.outcome = is_intact(result.run, r.from_seq) ? load_outcome::loaded : load_outcome::corrupt;
    co_return result;
}

// Runs that somebody is working on at this moment are passed over: workers do not queue up behind each other.
awaitable<std::vector<std::string>> list_resumable(pg_connection& c /* borrowed */, const run_filter& f /* borrowed */)
{
    pg_arguments arguments;
    arguments.text(labels_to_json(f.labels)).number(static_cast<std::int64_t>(f.limit));
    const std::string statement =
        std::string("WITH t AS (SELECT ") + now + " AS at) SELECT run_id FROM dedalus_runs r, t WHERE " + is_open +
        " AND (lease_owner = '' OR lease_until <= t.at) AND (phase <> 'suspended' OR wakeup_at <= t.at OR EXISTS "
        "(SELECT 1 FROM dedalus_inbox i WHERE i.run_id = r.run_id AND i.consumed_rev IS NULL)) AND " +
        has_labels(1) + " ORDER BY wakeup_at NULLS FIRST, created_at, run_id LIMIT $2 FOR UPDATE OF r SKIP LOCKED";
    const pg_rows rows = co_await c.run(statement, std::move(arguments));
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < rows.size(); ++i)
        ids.push_back(rows.text(i, 0));
    co_return ids;
}

awaitable<list_page> list(pg_connection& c /* borrowed */, const list_query& q /* borrowed */)
{
    const cursor_place after = read_cursor(q.cursor).value_or(cursor_place());
    pg_arguments arguments;
    arguments.text(labels_to_json(q.labels)).number(static_cast<std::int64_t>(q.limit) + 1);
    arguments.time(after.created_at).text(after.run_id);
    arguments.text(q.phase ? to_string(*q.phase) : std::string_view()).time(q.updated_from).time(q.updated_until);
    const std::string statement =
        std::string("SELECT run_id, phase, labels::text, rev, fence, CASE WHEN lease_until > ") + now +
        " THEN lease_owner ELSE '' END, wakeup_at, expires_at, created_at, updated_at FROM dedalus_runs "
        "WHERE (created_at, run_id) > ($3, $4) AND ($5 = '' OR phase = $5) AND ($6 IS NULL OR updated_at >= $6) "
        "AND ($7 IS NULL OR updated_at < $7) AND " +
        has_labels(1) + " ORDER BY created_at, run_id LIMIT $2";
    const pg_rows rows = co_await c.run(statement, std::move(arguments));
    list_page page;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (page.runs.size() == q.limit) {
            page.next = make_cursor(page.runs.back().created_at, page.runs.back().run_id);
            break;
        }
        run_summary& run = page.runs.emplace_back();
        run.run_id = rows.text(i, 0);
        run.phase = to_run_phase(rows.text(i, 1)).value_or(run_phase::failed);
        run.labels = labels_from_json(rows.text(i, 2));
        run.rev = rows.number(i, 3);
        run.fence = rows.number(i, 4);
        run.lease_owner = rows.text(i, 5);
        run.wakeup_at = rows.time(i, 6);
        run.expires_at = rows.time(i, 7);
        run.created_at = *rows.time(i, 8);
        run.updated_at = *rows.time(i, 9);
    }
    co_return page;
}

}  // namespace dedalus::stores::pg
