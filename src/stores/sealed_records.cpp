#include "stores/sealed_records.hpp"

#include <dedalus/handoff/run_phase.hpp>
#include <dedalus/stores/store_error.hpp>

#include <algorithm>
#include <utility>

namespace dedalus::stores {

namespace {

template <class Record>
void require_right_checksum(const Record& record)
{
    if (record.crc32c != checksum(record))
        throw store_error(store_errc::invalid_argument, "the checksum of a record is wrong");
}

sealed_place place_of(const run_head& head, std::int64_t rev)
{
    sealed_place place("head");
    place.number(rev).text(to_string(head.phase)).time(head.expires_at);
    for (const auto& [name, value] : head.labels)
        place.text(name).text(value);
    return place;
}

sealed_place place_of(const log_entry& entry, std::string_view part)
{
    sealed_place place(part);
    place.number(entry.seq).text(entry.kind).time(entry.at).number(entry.fence).number(entry.turn);
    return place;
}

sealed_place place_of(const call_record& record)
{
    sealed_place place("call");
    place.call(record.key).number(static_cast<std::int64_t>(record.kind)).number(record.attempt);
    place.number(record.fence).time(record.at);
    return place;
}

sealed_place place_of(const wait_record& wait)
{
    sealed_place place("wait");
    place.call(wait.key.call).text(wait.key.kind).text(wait.token_sha256).time(wait.expires_at);
    return place.text(wait.fingerprint);
}

/// The same of a post and of the inbox item that it becomes. The time is not part of it: it is the store's.
template <class Item>
sealed_place place_of_item(const Item& item)
{
    sealed_place place("inbox");
    place.text(item.inbox_id).text(item.kind).number(item.wait ? 1 : 0);
    if (item.wait)
        place.call(item.wait->call).text(item.wait->kind);
    return place;
}

sealed_place place_of(const late_result& late)
{
    sealed_place place("late");
    return place.call(late.key).number(late.fence);
}

sealed_place place_of_blob(const std::string& masked_name)
{
    sealed_place place("blob");
    return place.text(masked_name);
}

opening open(const run_sealer& by, log_entry& entry)
{
    const opening body = by.open(entry.body, place_of(entry, "body"));
    const opening raw = by.open(entry.raw, place_of(entry, "raw"));
    entry.crc32c = checksum(entry);
    return std::max(body, raw);
}

/// The fingerprint stands before the body, because in its own place is what stands for it.
opening open(const run_sealer& by, wait_record& wait)
{
    const opening outcome = by.open(wait.body, place_of(wait));
    wait.fingerprint.clear();
    if (outcome != opening::done)
        return outcome;
    const auto size = static_cast<unsigned char>(wait.body.front());
    wait.fingerprint = wait.body.substr(1, size);
    wait.body.erase(0, std::size_t{1} + size);
    return outcome;
}

opening open(const run_sealer& by, inbox_item& item)
{
    return by.open(item.body, place_of_item(item));
}

opening open(const run_sealer& by, late_result& late)
{
    return by.open(late.body, place_of(late));
}

template <class Record>
opening open_all(const run_sealer& by, std::vector<Record>& records)
{
    opening worst = opening::done;
    for (Record& record : records)
        worst = std::max(worst, open(by, record));
    return worst;
}

/// Those that cannot be opened are left out.
opening open(const run_sealer& by, blob_map& blobs)
{
    opening worst = opening::done;
    blob_map opened;
    while (!blobs.empty()) {
        auto blob = blobs.extract(blobs.begin());
        const opening outcome = open_blob(by, blob.key(), blob.mapped());
        worst = std::max(worst, outcome);
        if (outcome == opening::done)
            opened.insert(std::move(blob));
    }
    blobs = std::move(opened);
    return worst;
}

template <class Record>
void seal_all(const run_sealer& by, std::vector<Record>& records)
{
    for (Record& record : records)
        seal(by, record);
}

}  // namespace

void seal(const run_sealer& by, run_head& head, std::int64_t rev)
{
    head.bytes = by.seal(head.bytes, place_of(head, rev));
}

opening open(const run_sealer& by, run_head& head, std::int64_t rev)
{
    return by.open(head.bytes, place_of(head, rev));
}

void seal(const run_sealer& by, log_entry& entry)
{
    require_right_checksum(entry);
    entry.body = by.seal(entry.body, place_of(entry, "body"));
    entry.raw = by.seal(entry.raw, place_of(entry, "raw"));
    entry.crc32c = checksum(entry);
}

void seal(const run_sealer& by, call_record& record)
{
    require_right_checksum(record);
    record.body = by.seal(record.body, place_of(record));
    record.crc32c = checksum(record);
}

opening open(const run_sealer& by, call_record& record)
{
    const opening outcome = by.open(record.body, place_of(record));
    record.crc32c = checksum(record);
    return outcome;
}

void seal(const run_sealer& by, wait_record& wait)
{
    const std::string fingerprint = wait.fingerprint;
    wait.fingerprint = masked_fingerprints(by, fingerprint).front();
    const auto size = static_cast<char>(fingerprint.size());
    wait.body = by.seal(size + fingerprint + wait.body, place_of(wait));
}

void seal(const run_sealer& by, inbox_item& item)
{
    item.body = by.seal(item.body, place_of_item(item));
}

void seal(const run_sealer& by, late_result& late)
{
    late.body = by.seal(late.body, place_of(late));
}

void seal(const run_sealer& by, post_request& request)
{
    request.body = by.seal(request.body, place_of_item(request));
}

std::vector<std::string> masked_fingerprints(const run_sealer& by, const std::string& fingerprint)
{
    return by.masks("fingerprint " + fingerprint);
}

std::vector<std::string> masked_names(const run_sealer& by, const std::string& name)
{
    return by.masks("blob " + name);
}

std::pair<std::string, std::string> sealed_blob(const run_sealer& by, const std::string& name, const std::string& bytes)
{
    std::string masked = masked_names(by, name).front();
    std::string sealed = by.seal(name + bytes, place_of_blob(masked));
    return {std::move(masked), std::move(sealed)};
}

/// The name stands before the bytes, because they are kept under what stands for it.
opening open_blob(const run_sealer& by, std::string& name, std::string& bytes)
{
    const std::size_t size = name.size();
    const opening outcome = by.open(bytes, place_of_blob(name));
    if (outcome != opening::done)
        return outcome;
    name = bytes.substr(0, size);
    bytes.erase(0, size);
    return outcome;
}

void seal(const run_sealer& by, stored_run& run)
{
    seal(by, run.head, run.rev);
    seal_all(by, run.entries);
    seal_all(by, run.calls);
    seal_all(by, run.waits);
    seal_all(by, run.inbox);
    seal_all(by, run.late);
    blob_map sealed;
    for (const auto& [name, bytes] : run.blobs)
        sealed.insert(sealed_blob(by, name, bytes));
    run.blobs = std::move(sealed);
}

opening open(const run_sealer& by, stored_run& run)
{
    return std::max({
        open(by, run.head, run.rev),
        open_all(by, run.entries),
        open_all(by, run.calls),
        open_all(by, run.waits),
        open_all(by, run.inbox),
        open_all(by, run.late),
        open(by, run.blobs),
    });
}

}  // namespace dedalus::stores
