#include "stores/labels.hpp"
#include "stores/pg_operations.hpp"

#include <algorithm>
#include <set>

// A commit: one statement, which writes everything or nothing.
//
// Its conditions are those of decide_commit() and of conflicts, so that nothing has to be asked before. Alone it judges
// the row of the run as it is once it has the lock of it, but everything else as it was when the statement began. For a
// commit of log entries that is enough: nobody else writes them, and of two call records in one place the second fails
// the statement. What is about waits and the inbox needs the lock first, so that a decision it has waited for is seen.

namespace dedalus::stores::pg {

namespace {

/// A statement that grows with what it is about.
class growing_statement
{
public:
    std::string text{};
    pg_arguments arguments{};

    /// "($5, $6), ($7, $8)", whose arguments come next.
    growing_statement& values(std::size_t rows, std::size_t columns)
    {
        text += places(rows, columns, arguments.all().size());
        return *this;
    }

    growing_statement& operator+=(std::string_view more)
    {
        text += more;
        return *this;
    }
};

bool has_key(const std::vector<wait_key>& keys, const wait_key& key)
{
    return std::ranges::find(keys, key) != keys.end();
}

// A wait that is named twice is what it was named last.
std::vector<wait_record> last_of_each(const std::vector<wait_record>& waits)
{
    std::vector<wait_record> last;
    for (auto wait = waits.rbegin(); wait != waits.rend(); ++wait) {
        const auto same = [&wait](const wait_record& other) { return other.key == wait->key; };
        if (std::ranges::none_of(last, same))
            last.push_back(*wait);
    }
    return last;
}

void add_key(pg_arguments& to, const wait_key& key)
{
    to.bytes(key.call.call_id).number(key.call.occurrence).text(key.kind);
}

// The sequence number that the log must end with; none is -1.
std::int64_t end_before(const std::vector<log_entry>& entries)
{
    const std::int64_t first = entries.front().seq;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].seq != first + static_cast<std::int64_t>(i))
            return -1;
    }
    return first - 1;
}

void require_free_places(growing_statement& s, const std::vector<call_record>& calls)
{
    if (calls.empty())
        return;
    s += " AND NOT EXISTS (SELECT 1 FROM dedalus_calls WHERE run_id = $1 AND (call_id, occurrence, slot) IN (VALUES ";
    s.values(calls.size(), 3) += "))";
    for (const call_record& record : calls)
        s.arguments.bytes(record.key.call_id).number(record.key.occurrence).number(call_slot(record));
}

void require_pending(growing_statement& s, const std::vector<std::string>& inbox)
{
    if (inbox.empty())
        return;
    const std::set<std::string> different(inbox.begin(), inbox.end());
    s += " AND (SELECT count(*) FROM dedalus_inbox WHERE run_id = $1 AND consumed_rev IS NULL AND inbox_id IN ";
    s.values(1, different.size()) += ") = " + std::to_string(different.size());
    for (const std::string& id : different)
        s.arguments.text(id);
}

// wait_is_free()
void require_free_waits(growing_statement& s, const commit_request& r)
{
    std::vector<wait_key> keys = r.closed_waits;
    for (const wait_record& wait : r.waits)
        keys.push_back(wait.key);
    if (keys.empty())
        return;
    s +=
        " AND NOT EXISTS (SELECT 1 FROM dedalus_waits w JOIN dedalus_inbox i ON i.run_id = w.run_id AND i.inbox_id = "
        "w.decided_by AND i.consumed_rev IS NULL WHERE w.run_id = $1 AND (w.call_id, w.occurrence, w.kind) IN (VALUES ";
    s.values(keys.size(), 3) += ")";
    for (const wait_key& key : keys)
        add_key(s.arguments, key);
    if (!r.consumed_inbox.empty()) {
        s += " AND i.inbox_id NOT IN ";
        s.values(1, r.consumed_inbox.size());
        for (const std::string& id : r.consumed_inbox)
            s.arguments.text(id);
    }
    s += ")";
}

void write_run(growing_statement& s, const commit_request& r)
{
    s.arguments.text(r.run_id).number(r.fence).number(r.expected_rev).text(r.op_id).text(to_string(r.head.phase));
    s.arguments.bytes(r.head.bytes).text(labels_to_json(r.head.labels)).time(r.head.wakeup_at).time(r.head.expires_at);
    s.arguments.number(static_cast<std::int64_t>(r.entries.size()));
    s += std::string("WITH run AS (UPDATE dedalus_runs SET phase = $5, head = $6, labels = $7::text::jsonb, "
                     "wakeup_at = $8, expires_at = $9, last_seq = last_seq + $10, rev = rev + 1, last_op = $4, "
                     "updated_at = ") +
         now + " WHERE run_id = $1 AND fence = $2 AND rev = $3 AND last_op <> $4 AND " + is_open;
    if (!r.entries.empty()) {
        s += " AND last_seq = $11";
        s.arguments.number(end_before(r.entries));
    }
    require_free_places(s, r.calls);
    require_pending(s, r.consumed_inbox);
    require_free_waits(s, r);
    s += " RETURNING run_id, rev)";
}

void write_entries(growing_statement& s, const std::vector<log_entry>& entries)
{
    if (entries.empty())
        return;
    s += ", log AS (INSERT INTO dedalus_log SELECT run.run_id, v.* FROM run, (VALUES ";
    s.values(entries.size(), 8) += ") v)";
    for (const log_entry& entry : entries)
        add_entry(s.arguments, entry);
}

void write_calls(growing_statement& s, const std::vector<call_record>& calls)
{
    if (calls.empty())
        return;
    s += ", calls AS (INSERT INTO dedalus_calls SELECT run.run_id, v.*, $4 FROM run, (VALUES ";
    s.values(calls.size(), 9) += ") v)";
    for (const call_record& record : calls)
        add_call(s.arguments, record);
}

// A statement changes a row once: a wait that is opened and closed is written closed.
void write_waits(growing_statement& s, const commit_request& r)
{
    const std::vector<wait_record> waits = last_of_each(r.waits);
    if (!waits.empty()) {
        s += ", waits AS (INSERT INTO dedalus_waits SELECT run.run_id, v.* FROM run, (VALUES ";
        s.values(waits.size(), 8) += ") v ON CONFLICT (run_id, call_id, occurrence, kind) DO UPDATE SET fingerprint = "
                                     "excluded.fingerprint, token_sha256 = excluded.token_sha256, expires_at = "
                                     "excluded.expires_at, body = excluded.body, decided_by = excluded.decided_by)";
    }
    std::vector<wait_key> closed = r.closed_waits;
    for (const wait_record& wait : waits) {
        add_key(s.arguments, wait.key);
        s.arguments.bytes(wait.fingerprint).bytes(wait.token_sha256).time(wait.expires_at).bytes(wait.body);
        s.arguments.text(has_key(closed, wait.key) ? closed_by_commit : wait.decided_by);
        std::erase(closed, wait.key);
    }
    if (closed.empty())
        return;
    s += ", closed AS (UPDATE dedalus_waits w SET decided_by = ";
    s.values(1, 1) += " FROM run WHERE w.run_id = run.run_id AND w.decided_by = '' AND "
                      "(w.call_id, w.occurrence, w.kind) IN (VALUES ";
    s.arguments.text(closed_by_commit);
    s.values(closed.size(), 3) += "))";
    for (const wait_key& key : closed)
        add_key(s.arguments, key);
}

void consume_inbox(growing_statement& s, const std::vector<std::string>& inbox)
{
    if (inbox.empty())
        return;
    s += ", consumed AS (UPDATE dedalus_inbox i SET consumed_rev = run.rev FROM run WHERE i.run_id = run.run_id AND "
         "i.inbox_id IN ";
    s.values(1, inbox.size()) += ")";
    for (const std::string& id : inbox)
        s.arguments.text(id);
}

pg_statement write_statement(const commit_request& r)
{
    growing_statement s;
    write_run(s, r);
    write_entries(s, r.entries);
    write_calls(s, r.calls);
    write_waits(s, r);
    consume_inbox(s, r.consumed_inbox);
    s += " SELECT count(*) FROM run";
    return {std::move(s.text), std::move(s.arguments)};
}

bool needs_lock_first(const commit_request& r)
{
    return !r.waits.empty() || !r.closed_waits.empty() || !r.consumed_inbox.empty();
}

// In one flush. The statement that writes begins when the lock is there, and sees what was committed until then.
awaitable<commit_result>
commit_locked(pg_connection& c /* borrowed */, const commit_request& r /* borrowed */, pg_statement write_everything)
{
    std::vector<pg_statement> steps;
    steps.push_back({"BEGIN ISOLATION LEVEL READ COMMITTED", {}});
    steps.push_back(lock_statement(r.run_id));
    steps.push_back(std::move(write_everything));
    steps.push_back({"COMMIT", {}});
    const std::vector<pg_rows> results = co_await c.run_together(std::move(steps));
    const std::optional<locked_run> run = read_locked_run(results[1]);
    if (!run)
        co_return commit_result();
    commit_result result = decide_commit(run->row, r);
    if (result.outcome == commit_outcome::committed && results[2].number(0, 0) == 0) {
        result.outcome = commit_outcome::conflict;
        result.rev = run->row.rev;
    }
    co_return result;
}

}  // namespace

awaitable<commit_result> commit(pg_connection& c /* borrowed */, const commit_request& r /* borrowed */)
{
    pg_statement write_everything = write_statement(r);
    if (!needs_lock_first(r)) {
        const pg_rows rows = co_await c.run(write_everything);
        if (rows.number(0, 0) == 1) {
            commit_result result;
            result.outcome = commit_outcome::committed;
            result.rev = r.expected_rev + 1;
            co_return result;
        }
        // It was not done. Again under the lock, to say why.
    }
    co_return co_await commit_locked(c, r, std::move(write_everything));
}

}  // namespace dedalus::stores::pg
