#include <dedalus/stores/store_error.hpp>

#include "stores/rules.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace dedalus::stores {

namespace {

[[noreturn]] void refuse(const std::string& what)
{
    throw store_error(store_errc::invalid_argument, what);
}

bool is_plain_text(std::string_view text)
{
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return support::is_utf8(text) && std::ranges::none_of(text, control);
}

void check_id(std::string_view id, const char* what)
{
    if (id.empty() || id.size() > max_id_bytes || !is_plain_text(id))
        refuse(std::string(what) + " must be 1 to 128 bytes of UTF-8 without control characters");
}

void check_size(std::string_view bytes, std::size_t limit, const char* what)
{
    if (bytes.size() > limit)
        refuse(std::string(what) + " is larger than " + std::to_string(limit) + " bytes");
}

void check_count(std::size_t count, std::size_t limit, const char* what)
{
    if (count > limit)
        refuse("more than " + std::to_string(limit) + ' ' + what);
}

void check_labels(const label_map& labels)
{
    check_count(labels.size(), max_labels, "labels");
    for (const auto& [name, value] : labels) {
        if (name.empty() || name.size() > max_label_bytes || value.size() > max_label_bytes || !is_plain_text(name) ||
            !is_plain_text(value))
            refuse("a label is longer than 256 bytes, not UTF-8, has control characters or no name");
    }
}

void check_head(const run_head& head)
{
    check_size(head.bytes, max_head_bytes, "the head");
    check_labels(head.labels);
}

void check_key(const call_key& key)
{
    check_size(key.call_id, max_call_id_bytes, "a call id");
    if (key.occurrence < 0)
        refuse("an occurrence is negative");
}

void check_wait_key(const wait_key& key)
{
    check_key(key.call);
    check_id(key.kind, "the kind of a wait");
}

void check_ttl(std::chrono::milliseconds ttl)
{
    if (ttl <= std::chrono::milliseconds(0) || ttl > std::chrono::hours(24))
        refuse("a lease lasts more than nothing and at most a day");
}

void check_limit(std::size_t limit)
{
    if (limit < 1 || limit > max_list_limit)
        refuse("the limit of a listing is 1 to 1000");
}

void check_entry(const log_entry& entry)
{
    check_id(entry.kind, "the kind of a log entry");
    check_size(entry.body, max_body_bytes, "the body of a log entry");
    check_size(entry.raw, max_body_bytes, "the raw part of a log entry");
}

void check_entries(const std::vector<log_entry>& entries, std::int64_t fence)
{
    check_count(entries.size(), max_records, "log entries");
    for (const log_entry& entry : entries) {
        check_entry(entry);
        if (entry.fence != fence)
            refuse("a log entry has another fence than its writer");
    }
}

void check_call(const call_record& record)
{
    check_key(record.key);
    check_size(record.body, max_body_bytes, "the body of a call record");
    if (record.attempt < 1)
        refuse("attempts count from 1");
}

/// Throws unless each of the list has a place of its own.
template <class T, class Place>
void check_places(const std::vector<T>& list, const Place& place)
{
    std::set<decltype(place(list.front()))> taken;
    for (const T& one : list) {
        if (!taken.insert(place(one)).second)
            refuse("two records of a run in one place");
    }
}

void check_call_places(const std::vector<call_record>& records)
{
    check_places(records, [](const call_record& record) { return std::pair(record.key, call_slot(record)); });
}

void check_calls(const std::vector<call_record>& records, std::int64_t fence)
{
    check_count(records.size(), max_records, "call records");
    for (const call_record& record : records) {
        check_call(record);
        if (record.fence != fence)
            refuse("a call record has another fence than its writer");
    }
    check_call_places(records);
}

void check_wait(const wait_record& wait)
{
    check_wait_key(wait.key);
    check_size(wait.fingerprint, max_id_bytes, "a fingerprint");
    check_size(wait.body, max_body_bytes, "the body of a wait");
    if (!wait.token_sha256.empty() && wait.token_sha256.size() != 64)
        refuse("the SHA-256 of a token has 64 hex digits");
}

void check_waits(const std::vector<wait_record>& waits)
{
    check_count(waits.size(), max_records, "waits");
    for (const wait_record& wait : waits) {
        check_wait(wait);
        if (!wait.decided_by.empty())
            refuse("only the store says what has decided a wait");
    }
}

void check_item(const inbox_item& item)
{
    check_id(item.inbox_id, "an inbox id");
    check_id(item.kind, "the kind of an inbox item");
    check_size(item.body, max_post_bytes, "the body of an inbox item");
    if (item.wait)
        check_wait_key(*item.wait);
}

void check_each(const stored_run& run)
{
    std::int64_t fence = 0;
    for (const log_entry& entry : run.entries) {
        check_entry(entry);
        fence = std::max(fence, entry.fence);
    }
    for (const call_record& record : run.calls) {
        check_call(record);
        fence = std::max(fence, record.fence);
    }
    for (const late_result& late : run.late) {
        check_key(late.key);
        check_size(late.body, max_body_bytes, "a late result");
        fence = std::max(fence, late.fence);
    }
    for (const wait_record& wait : run.waits) {
        check_wait(wait);
        check_size(wait.decided_by, max_id_bytes, "what has decided a wait");
    }
    for (const inbox_item& item : run.inbox)
        check_item(item);
    for (const auto& [name, bytes] : run.blobs)
        check_blob(name, bytes);
    if (fence > run.fence)
        refuse("a record of a run has a greater fence than the run");
}

}  // namespace

void check_run_id(std::string_view run_id)
{
    check_id(run_id, "a run id");
}

void check_blob(std::string_view name, std::string_view bytes)
{
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (name.size() != 64 || !std::ranges::all_of(name, is_digit))
        refuse("the name of a blob has 64 lower-case hex digits");
    check_size(bytes, max_body_bytes, "a blob");
}

void check_sequence(const std::vector<log_entry>& entries, std::int64_t first)
{
    for (const log_entry& entry : entries) {
        if (entry.seq != first++)
            refuse("the log entries do not go on where the log ends");
    }
}

void check(const create_request& request)
{
    check_run_id(request.run_id);
    check_id(request.op_id, "an op_id");
    check_head(request.head);
    check_entries(request.entries, 0);
    check_sequence(request.entries, 1);
}

void check(const restore_request& request)
{
    const stored_run& run = request.run;
    check_run_id(run.run_id);
    check_id(request.op_id, "an op_id");
    check_head(run.head);
    check_each(run);
    check_count(run.inbox.size(), max_pending_posts, "inbox items");
    check_count(run.late.size(), max_late_results, "late results");
    check_call_places(run.calls);
    check_places(run.waits, [](const wait_record& wait) { return wait.key; });
    check_places(run.inbox, [](const inbox_item& item) { return item.inbox_id; });
    check_places(run.late, [](const late_result& late) { return std::pair(late.key, late.fence); });
    if (run.rev < 1 || !is_intact(run, 1))
        refuse("a run with a wrong checksum, without a revision, or with a gap in its log");
}

void check(const load_request& request)
{
    check_run_id(request.run_id);
    if (request.from_seq < 1)
        refuse("log entries count from 1");
}

void check(const acquire_request& request)
{
    check_run_id(request.run_id);
    check_id(request.owner, "an owner");
    check_id(request.op_id, "an op_id");
    check_ttl(request.ttl);
}

void check(const renew_request& request)
{
    check_run_id(request.run_id);
    check_ttl(request.ttl);
}

void check(const release_request& request)
{
    check_run_id(request.run_id);
}

void check(const commit_request& request)
{
    check_run_id(request.run_id);
    check_id(request.op_id, "an op_id");
    check_head(request.head);
    check_entries(request.entries, request.fence);
    check_calls(request.calls, request.fence);
    check_waits(request.waits);
    check_count(request.closed_waits.size(), max_records, "closed waits");
    for (const wait_key& key : request.closed_waits)
        check_wait_key(key);
    check_count(request.consumed_inbox.size(), max_records, "inbox items");
    for (const std::string& id : request.consumed_inbox)
        check_id(id, "an inbox id");
}

void check(const append_request& request)
{
    check_run_id(request.run_id);
    check_id(request.op_id, "an op_id");
    check_calls(request.records, request.fence);
    if (request.records.empty())
        refuse("no call record to append");
}

void check_finish(const append_request& request)
{
    check(request);
    if (request.records.size() != 1 || request.records.front().kind != call_record_kind::finish)
        refuse("not the record of how a call ended");
}

void check(const post_request& request)
{
    check_run_id(request.run_id);
    check_id(request.inbox_id, "an inbox id");
    check_id(request.kind, "the kind of an inbox item");
    check_size(request.body, max_post_bytes, "the body of an inbox item");
    if (request.wait)
        check_wait_key(*request.wait);
}

void check(const late_request& request)
{
    check_run_id(request.run_id);
    check_key(request.result.key);
    check_size(request.result.body, max_body_bytes, "a late result");
}

void check(const run_filter& filter)
{
    check_labels(filter.labels);
    check_limit(filter.limit);
}

void check(const list_query& query)
{
    check_labels(query.labels);
    check_limit(query.limit);
}

void check(const collect_query& query)
{
    if (query.limit < 1)
        refuse("a limit of nothing");
    if (query.phase && !is_terminal(*query.phase))
        refuse("only terminal runs are collected by their age");
}

}  // namespace dedalus::stores
