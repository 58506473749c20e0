#include "stores/labels.hpp"
#include "stores/pg_operations.hpp"

#include <algorithm>
#include <set>

// A commit: everything of it in one transaction, under the lock of the run.

namespace dedalus::stores::pg {

namespace {

struct open_wait
{
    wait_record wait{};
    bool pending = false;  ///< decided by something in the inbox
};

awaitable<std::optional<open_wait>> find_wait(pg_connection& c /* borrowed */, std::string run_id, wait_key key)
{
    pg_arguments arguments;
    arguments.text(run_id).bytes(key.call.call_id).number(key.call.occurrence).text(key.kind);
    const pg_rows rows = co_await c.run(
        "SELECT decided_by, EXISTS (SELECT 1 FROM dedalus_inbox i WHERE i.run_id = w.run_id "
        "AND i.inbox_id = w.decided_by AND i.consumed_rev IS NULL) FROM dedalus_waits w "
        "WHERE run_id = $1 AND call_id = $2 AND occurrence = $3 AND kind = $4",
        std::move(arguments)
    );
    if (rows.size() == 0)
        co_return std::nullopt;
    open_wait found;
    found.wait.key = key;
    found.wait.decided_by = rows.text(0, 0);
    found.pending = rows.number(0, 1) != 0;
    co_return found;
}

awaitable<bool> is_free(pg_connection& c /* borrowed */, wait_key key, const commit_request& r /* borrowed */)
{
    const auto found = co_await find_wait(c, r.run_id, std::move(key));
    co_return !found || wait_is_free(found->wait, found->pending, r);
}

awaitable<bool> inbox_has(pg_connection& c /* borrowed */, std::string run_id, std::vector<std::string> ids)
{
    if (ids.empty())
        co_return true;
    pg_arguments arguments;
    arguments.text(run_id);
    for (const std::string& id : ids)
        arguments.text(id);
    std::string statement = "SELECT count(*) FROM dedalus_inbox WHERE run_id = $1 AND consumed_rev IS NULL "
                            "AND inbox_id IN " +
                            places(1, ids.size(), 1);
    const pg_rows rows = co_await c.run(std::move(statement), std::move(arguments));
    const std::set<std::string> different(ids.begin(), ids.end());
    co_return rows.number(0, 0) == static_cast<std::int64_t>(different.size());
}

awaitable<bool> fits(pg_connection& c /* borrowed */, const commit_request& r /* borrowed */)
{
    const auto taken = co_await existing_calls(c, r.run_id, r.calls, "");
    const bool all_pending = co_await inbox_has(c, r.run_id, r.consumed_inbox);
    if (!taken.empty() || !all_pending)
        co_return false;
    std::vector<wait_key> keys = r.closed_waits;
    for (const wait_record& wait : r.waits)
        keys.push_back(wait.key);
    for (const wait_key& key : keys) {
        const bool free = co_await is_free(c, key, r);
        if (!free)
            co_return false;
    }
    co_return true;
}

awaitable<void> write_run(pg_connection& c /* borrowed */, const commit_request& r /* borrowed */, run_row row)
{
    pg_arguments arguments;
    arguments.text(r.run_id).text(to_string(row.phase)).bytes(r.head.bytes).text(labels_to_json(r.head.labels));
    arguments.number(row.rev).number(row.last_seq).time(r.head.wakeup_at).time(r.head.expires_at).text(row.last_op);
    const std::string statement =
        std::string("UPDATE dedalus_runs SET phase = $2, head = $3, labels = $4::text::jsonb, rev = $5, last_seq = $6, "
                    "wakeup_at = $7, expires_at = $8, last_op = $9, updated_at = ") +
        now + " WHERE run_id = $1";
    co_await c.run(statement, std::move(arguments));
}

awaitable<void> write_waits(pg_connection& c /* borrowed */, const commit_request& r /* borrowed */)
{
    for (const wait_record& wait : r.waits)
        co_await put_wait(c, r.run_id, wait);
    for (const wait_key& key : r.closed_waits) {
        pg_arguments arguments;
        arguments.text(r.run_id).bytes(key.call.call_id).number(key.call.occurrence).text(key.kind);
        arguments.text(closed_by_commit);
        co_await c.run(
            "UPDATE dedalus_waits SET decided_by = $5 WHERE run_id = $1 AND call_id = $2 AND occurrence = $3 "
            "AND kind = $4 AND decided_by = ''",
            std::move(arguments)
        );
    }
}

awaitable<void> consume_inbox(pg_connection& c /* borrowed */, const commit_request& r /* borrowed */, std::int64_t rev)
{
    for (const std::string& id : r.consumed_inbox) {
        pg_arguments arguments;
        arguments.text(r.run_id).text(id).number(rev);
        co_await c.run(
            "UPDATE dedalus_inbox SET consumed_rev = $3 WHERE run_id = $1 AND inbox_id = $2", std::move(arguments)
        );
    }
}

}  // namespace

awaitable<commit_result> commit(pg_connection& c /* borrowed */, const commit_request& r /* borrowed */)
{
    auto run = co_await lock_run(c, r.run_id);
    if (!run)
        co_return commit_result();
    commit_result result = decide_commit(run->row, r);
    if (result.outcome != commit_outcome::committed)
        co_return result;
    const bool all_fits = co_await fits(c, r);
    if (!all_fits) {
        result.outcome = commit_outcome::conflict;
        result.rev = run->row.rev;
        co_return result;
    }
    apply_commit(run->row, r);
    co_await write_run(c, r, run->row);
    co_await insert_entries(c, r.run_id, r.entries);
    co_await insert_calls(c, r.run_id, r.calls, r.op_id);
    co_await write_waits(c, r);
    co_await consume_inbox(c, r, run->row.rev);
    co_return result;
}

}  // namespace dedalus::stores::pg
