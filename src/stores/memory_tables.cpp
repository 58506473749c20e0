#include "stores/memory_tables.hpp"

#include <algorithm>
#include <tuple>

namespace dedalus::stores {

memory_tables::run* memory_tables::find(const std::string& run_id)
{
    const auto found = runs_.find(run_id);
    return found == runs_.end() ? nullptr : &found->second;
}

const memory_tables::run* memory_tables::find(const std::string& run_id) const
{
    const auto found = runs_.find(run_id);
    return found == runs_.end() ? nullptr : &found->second;
}

create_outcome memory_tables::create(const create_request& request, time_point now)
{
    if (const run* r = find(request.run_id))
        return r->row.create_op == request.op_id ? create_outcome::created : create_outcome::exists;
    run& r = runs_[request.run_id];
    r.row.phase = request.head.phase;
    r.row.rev = 1;
    r.row.last_seq = static_cast<std::int64_t>(request.entries.size());
    r.row.create_op = request.op_id;
    r.head = request.head;
    r.entries = request.entries;
    r.created_at = r.updated_at = now;
    return create_outcome::created;
}

create_outcome memory_tables::restore(const restore_request& request)
{
    const stored_run& from = request.run;
    if (const run* r = find(from.run_id))
        return r->row.create_op == request.op_id ? create_outcome::created : create_outcome::exists;
    run& r = runs_[from.run_id];
    r.row.phase = from.head.phase;
    r.row.rev = from.rev;
    r.row.last_seq = from.last_seq;
    r.row.fence = from.fence;
    r.row.create_op = request.op_id;
    r.head = from.head;
    r.created_at = from.created_at;
    r.updated_at = from.updated_at;
    r.entries = from.entries;
    for (const call_record& record : from.calls)
        r.calls[{record.key, call_slot(record)}] = call_row{record, request.op_id};
    for (const wait_record& wait : from.waits)
        r.waits[wait.key] = wait;
    r.inbox = from.inbox;
    for (const inbox_item& item : from.inbox)
        r.seen_inbox.insert(item.inbox_id);
    for (const late_result& late : from.late)
        r.late[{late.key, late.fence}] = late;
    r.blobs = from.blobs;
    return create_outcome::created;
}

load_result memory_tables::load(const load_request& request) const
{
    load_result result;
    const run* r = find(request.run_id);
    if (!r)
        return result;
    stored_run& out = result.run;
    out.run_id = request.run_id;
    out.head = r->head;
    out.rev = r->row.rev;
    out.last_seq = r->row.last_seq;
    out.fence = r->row.fence;
    out.created_at = r->created_at;
    out.updated_at = r->updated_at;
    std::ranges::copy_if(r->entries, std::back_inserter(out.entries), [&](const log_entry& entry) {
        return entry.seq >= request.from_seq;
    });
    for (const auto& [key, call] : r->calls)
        out.calls.push_back(call.record);
    for (const auto& [key, wait] : r->waits)
        out.waits.push_back(wait);
    out.inbox = r->inbox;
    for (const auto& [key, late] : r->late)
        out.late.push_back(late);
    if (request.from_seq == 1)
        out.blobs = r->blobs;
    result.outcome = is_intact(out, request.from_seq) ? load_outcome::loaded : load_outcome::corrupt;
    return result;
}

acquire_result memory_tables::acquire(const acquire_request& request, time_point now)
{
    run* r = find(request.run_id);
    return r ? decide_acquire(r->row, request, now) : acquire_result();
}

void memory_tables::take_over(const std::string& run_id, time_point now)
{
    if (run* r = find(run_id)) {
        ++r->row.fence;
        r->row.lease_owner = "failpoint";
        r->row.lease_until = now + std::chrono::minutes(1);
    }
}

renew_result memory_tables::renew(const renew_request& request, time_point now)
{
    renew_result result;
    run* r = find(request.run_id);
    if (!r || r->row.fence != request.fence || r->row.lease_owner.empty())
        return result;
    r->row.lease_until = now + request.ttl;
    result.outcome = lease_outcome::ok;
    result.until = r->row.lease_until;
    return result;
}

lease_outcome memory_tables::release(const release_request& request, time_point)
{
    run* r = find(request.run_id);
    if (!r || r->row.fence != request.fence)
        return lease_outcome::lost;
    r->row.lease_owner.clear();
    if (request.wakeup_at)
        r->head.wakeup_at = request.wakeup_at;
    return lease_outcome::ok;
}

bool memory_tables::pending(const run& r, const std::string& inbox_id)
{
    return std::ranges::any_of(r.inbox, [&](const inbox_item& item) { return item.inbox_id == inbox_id; });
}

bool memory_tables::fits(const run& r, const commit_request& request)
{
    const auto is_free = [&](const wait_key& key) {
        const auto found = r.waits.find(key);
        if (found == r.waits.end())
            return true;
        return wait_is_free(found->second, pending(r, found->second.decided_by), request);
    };
    for (const call_record& record : request.calls) {
        if (r.calls.contains({record.key, call_slot(record)}))
            return false;
    }
    return std::ranges::all_of(request.waits, [&](const wait_record& wait) { return is_free(wait.key); }) &&
           std::ranges::all_of(request.closed_waits, is_free) &&
           std::ranges::all_of(request.consumed_inbox, [&](const std::string& id) { return pending(r, id); });
}

commit_result memory_tables::commit(const commit_request& request, time_point now)
{
    run* r = find(request.run_id);
    if (!r)
        return {};
    commit_result result = decide_commit(r->row, request);
    if (result.outcome != commit_outcome::committed)
        return result;
    if (!fits(*r, request)) {
        result.outcome = commit_outcome::conflict;
        result.rev = r->row.rev;
        return result;
    }
    apply_commit(r->row, request);
    r->head = request.head;
    r->updated_at = now;
    r->entries.insert(r->entries.end(), request.entries.begin(), request.entries.end());
    for (const call_record& record : request.calls)
        r->calls[{record.key, call_slot(record)}] = call_row{record, request.op_id};
    for (const wait_record& wait : request.waits)
        r->waits[wait.key] = wait;
    for (const wait_key& key : request.closed_waits) {
        const auto found = r->waits.find(key);
        if (found != r->waits.end() && found->second.decided_by.empty())
            found->second.decided_by = closed_by_commit;
    }
    std::erase_if(r->inbox, [&](const inbox_item& item) {
        return std::ranges::count(request.consumed_inbox, item.inbox_id) > 0;
    });
    return result;
}

append_result memory_tables::append_call(const append_request& request)
{
    append_result result;
    run* r = find(request.run_id);
    if (!r || r->row.fence != request.fence)
        return result;
    for (const call_record& record : request.records) {
        const auto found = r->calls.find({record.key, call_slot(record)});
        if (found != r->calls.end() && found->second.op_id != request.op_id)
            result.existing.push_back(found->second.record);
    }
    result.outcome = result.existing.empty() ? append_outcome::inserted : append_outcome::already;
    if (result.outcome == append_outcome::inserted) {
        for (const call_record& record : request.records)
            r->calls.try_emplace({record.key, call_slot(record)}, call_row{record, request.op_id});
    }
    return result;
}

post_outcome memory_tables::post(const post_request& request, time_point now)
{
    run* r = find(request.run_id);
    if (!r)
        return post_outcome::refused;
    if (r->seen_inbox.contains(request.inbox_id))
        return post_outcome::duplicate;
    if (is_terminal(r->row.phase))
        return post_outcome::refused;
    const auto wait = request.wait ? r->waits.find(*request.wait) : r->waits.end();
    wait_record* named = wait == r->waits.end() ? nullptr : &wait->second;
    const post_outcome outcome = decide_post(request, named, r->inbox.size(), now);
    if (outcome != post_outcome::accepted)
        return outcome;
    if (named)
        named->decided_by = request.inbox_id;
    r->inbox.push_back(inbox_item{request.inbox_id, request.wait, request.kind, request.body, now});
    r->seen_inbox.insert(request.inbox_id);
    r->head.wakeup_at = now;
    return outcome;
}

late_outcome memory_tables::put_late_result(const late_request& request, time_point now)
{
    run* r = find(request.run_id);
    if (!r)
        return late_outcome::refused;
    const std::pair place{request.result.key, request.result.fence};
    if (r->late.contains(place))
        return late_outcome::stored;
    if (r->late.size() >= max_late_results)
        return late_outcome::refused;
    late_result& kept = r->late[place];
    kept = request.result;
    kept.at = now;
    return late_outcome::stored;
}

bool memory_tables::labelled(const run& r, const label_map& labels)
{
    return std::ranges::all_of(labels, [&](const auto& label) {
        const auto found = r.head.labels.find(label.first);
        return found != r.head.labels.end() && found->second == label.second;
    });
}

std::vector<std::string> memory_tables::list_resumable(const run_filter& filter, time_point now) const
{
    using place = std::tuple<std::optional<time_point>, time_point, std::string>;
    std::vector<place> found;
    for (const auto& [run_id, r] : runs_) {
        const bool due =
            r.row.phase != run_phase::suspended || !r.inbox.empty() || (r.head.wakeup_at && *r.head.wakeup_at <= now);
        if (due && !is_terminal(r.row.phase) && !r.row.lease_live(now) && labelled(r, filter.labels))
            found.emplace_back(r.head.wakeup_at, r.created_at, run_id);
    }
    std::ranges::sort(found);
    found.resize(std::min(found.size(), filter.limit));
    std::vector<std::string> ids;
    for (place& p : found)
        ids.push_back(std::move(std::get<std::string>(p)));
    return ids;
}

list_page memory_tables::list(const list_query& query, time_point now) const
{
    const auto after = read_cursor(query.cursor);
    std::vector<run_summary> found;
    for (const auto& [run_id, r] : runs_) {
        const bool fits = labelled(r, query.labels) && (!query.phase || *query.phase == r.row.phase) &&
                          (!query.updated_from || r.updated_at >= *query.updated_from) &&
                          (!query.updated_until || r.updated_at < *query.updated_until) &&
                          (!after || std::tie(r.created_at, run_id) > std::tie(after->created_at, after->run_id));
        if (!fits)
            continue;
        found.push_back(run_summary{
            run_id,
            r.row.phase,
            r.head.labels,
            r.row.rev,
            r.row.fence,
            r.row.lease_live(now) ? r.row.lease_owner : std::string(),
            r.head.wakeup_at,
            r.head.expires_at,
            r.created_at,
            r.updated_at,
        });
    }
    std::ranges::sort(found, {}, [](const run_summary& s) { return std::tie(s.created_at, s.run_id); });
    list_page page;
    if (found.size() > query.limit) {
        found.resize(query.limit);
        page.next = make_cursor(found.back().created_at, found.back().run_id);
    }
    page.runs = std::move(found);
    return page;
}

remove_outcome memory_tables::remove(const std::string& run_id, bool must_be_terminal)
{
    const run* r = find(run_id);
    if (!r)
        return remove_outcome::not_found;
    if (must_be_terminal && !is_terminal(r->row.phase))
        return remove_outcome::refused;
    runs_.erase(run_id);
    return remove_outcome::removed;
}

bool memory_tables::set_ttl(const std::string& run_id, std::optional<std::chrono::milliseconds> ttl, time_point now)
{
    run* r = find(run_id);
    if (!r)
        return false;
    r->collect_at.reset();
    if (ttl)
        r->collect_at = now + *ttl;
    return true;
}

std::size_t memory_tables::collect(const collect_query& query, time_point now)
{
    std::size_t collected = 0;
    return std::erase_if(runs_, [&](const auto& entry) {
        const run& r = entry.second;
        const bool old = is_terminal(r.row.phase) && (!query.phase || *query.phase == r.row.phase) &&
                         r.updated_at <= now - query.age;
        const bool over = r.collect_at && *r.collect_at <= now;
        if (r.row.lease_live(now) || !(old || over) || collected == query.limit)
            return false;
        ++collected;
        return true;
    });
}

bool memory_tables::put_blob(const std::string& run_id, const std::string& name, std::string bytes)
{
    run* r = find(run_id);
    if (!r)
        return false;
    r->blobs.try_emplace(name, std::move(bytes));
    return true;
}

std::optional<std::string> memory_tables::get_blob(const std::string& run_id, const std::string& name) const
{
    const run* r = find(run_id);
    if (!r || !r->blobs.contains(name))
        return {};
    return r->blobs.at(name);
}

}  // namespace dedalus::stores
