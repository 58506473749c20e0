#include "stores/sqlite_tables.hpp"

// Writing beside the commits: call records, posts, late results, removal, blobs.

namespace dedalus::stores {

append_result sqlite_tables::append_call(const append_request& request)
{
    append_result result;
    const auto row = find(request.run_id);
    if (!row || row->fence != request.fence)
        return result;
    for (const call_record& record : request.records) {
        const auto found = find_call(request.run_id, record);
        if (found && found->op_id != request.op_id)
            result.existing.push_back(found->record);
    }
    result.outcome = result.existing.empty() ? append_outcome::inserted : append_outcome::already;
    if (result.outcome == append_outcome::inserted) {
        for (const call_record& record : request.records)
            insert_call(request.run_id, record, request.op_id);
    }
    return result;
}

post_outcome sqlite_tables::post(const post_request& request, time_point now)
{
    const std::string_view run_id = request.run_id;
    const auto row = find(request.run_id);
    if (!row)
        return post_outcome::refused;
    if (db_.query("SELECT 1 FROM inbox WHERE run_id = ? AND inbox_id = ?", run_id, std::string_view(request.inbox_id))
            .next())
        return post_outcome::duplicate;
    if (is_terminal(row->phase))
        return post_outcome::refused;
    const auto wait = request.wait ? find_wait(request.run_id, *request.wait) : std::nullopt;
    const post_outcome outcome = decide_post(request, wait ? &*wait : nullptr, count_pending(run_id), now);
    if (outcome != post_outcome::accepted)
        return outcome;
    const wait_key key = request.wait.value_or(wait_key());
    db_.run(
        "INSERT INTO inbox (run_id, inbox_id, call_id, occurrence, wait_kind, kind, body, at) "
        "VALUES (?, ?, ?, ?, nullif(?, ''), ?, ?, ?)",
        run_id,
        std::string_view(request.inbox_id),
        blob{key.call.call_id},
        key.call.occurrence,
        std::string_view(key.kind),
        std::string_view(request.kind),
        blob{request.body},
        micros(now)
    );
    db_.run(
        "UPDATE waits SET decided_by = ? WHERE run_id = ? AND call_id = ? AND occurrence = ? AND kind = ?",
        std::string_view(request.inbox_id),
        run_id,
        blob{key.call.call_id},
        key.call.occurrence,
        std::string_view(key.kind)
    );
    db_.run("UPDATE runs SET wakeup_at = ? WHERE run_id = ?", micros(now), run_id);
    return outcome;
}

std::size_t sqlite_tables::count_pending(std::string_view run_id)
{
    sqlite_query q = db_.query("SELECT count(*) FROM inbox WHERE run_id = ? AND consumed_rev IS NULL", run_id);
    q.next();
    return static_cast<std::size_t>(q.number(0));
}

late_outcome sqlite_tables::put_late_result(const late_request& request, time_point now)
{
    const std::string_view run_id = request.run_id;
    const late_result& late = request.result;
    if (!find(request.run_id))
        return late_outcome::refused;
    {
        sqlite_query q = db_.query(
            "SELECT count(*), sum(call_id = ? AND occurrence = ? AND fence = ?) FROM late WHERE run_id = ?",
            blob{late.key.call_id},
            late.key.occurrence,
            late.fence,
            run_id
        );
        q.next();
        if (q.number(1) > 0)
            return late_outcome::stored;
        if (q.number(0) >= static_cast<std::int64_t>(max_late_results))
            return late_outcome::refused;
    }
    late_result kept = late;
    kept.at = now;
    insert_late(request.run_id, kept);
    return late_outcome::stored;
}

void sqlite_tables::insert_late(const std::string& run_id, const late_result& late)
{
    db_.run(
        "INSERT INTO late VALUES (?, ?, ?, ?, ?, ?)",
        std::string_view(run_id),
        blob{late.key.call_id},
        late.key.occurrence,
        late.fence,
        blob{late.body},
        micros(late.at)
    );
}

void sqlite_tables::put_wait(const std::string& run_id, const wait_record& wait)
{
    db_.run(
        "INSERT OR REPLACE INTO waits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        std::string_view(run_id),
        blob{wait.key.call.call_id},
        wait.key.call.occurrence,
        std::string_view(wait.key.kind),
        blob{wait.fingerprint},
        blob{wait.token_sha256},
        wait.expires_at,
        blob{wait.body},
        std::string_view(wait.decided_by)
    );
}

remove_outcome sqlite_tables::remove(const std::string& run_id, bool must_be_terminal)
{
    const auto row = find(run_id);
    if (!row)
        return remove_outcome::not_found;
    if (must_be_terminal && !is_terminal(row->phase))
        return remove_outcome::refused;
    db_.run("DELETE FROM runs WHERE run_id = ?", std::string_view(run_id));
    return remove_outcome::removed;
}

bool sqlite_tables::set_ttl(const std::string& run_id, std::optional<std::chrono::milliseconds> ttl, time_point now)
{
    std::optional<time_point> collect_at;
    if (ttl)
        collect_at = now + *ttl;
    return db_.run("UPDATE runs SET collect_at = ? WHERE run_id = ?", collect_at, std::string_view(run_id)) == 1;
}

std::size_t sqlite_tables::collect(const collect_query& query, time_point now)
{
    const std::string_view phase = query.phase ? to_string(*query.phase) : std::string_view();
    const std::int64_t removed = db_.run(
        "DELETE FROM runs WHERE run_id IN (SELECT run_id FROM runs WHERE (lease_owner = '' OR lease_until <= ?1) "
        "AND (collect_at <= ?1 OR (phase NOT IN ('ready', 'sending', 'executing', 'suspended') "
        "AND (?2 = '' OR phase = ?2) AND updated_at <= ?3)) LIMIT ?4)",
        micros(now),
        phase,
        micros(now - query.age),
        static_cast<std::int64_t>(query.limit)
    );
    return static_cast<std::size_t>(removed);
}

bool sqlite_tables::put_blob(const std::string& run_id, const std::string& name, const std::string& bytes)
{
    if (!find(run_id))
        return false;
    db_.run(
        "INSERT INTO blobs VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        std::string_view(run_id),
        std::string_view(name),
        blob{bytes}
    );
    return true;
}

}  // namespace dedalus::stores
