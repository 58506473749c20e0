#include <dedalus/error.hpp>
#include <dedalus/handoff/run_export.hpp>
#include <dedalus/stores/store_error.hpp>

#include "codec/parse_json.hpp"
#include "codec/raw_json.hpp"
#include "crypto/base64.hpp"
#include "handoff/checkpoint_head.hpp"
#include "handoff/identifiers.hpp"
#include "handoff/member_reader.hpp"
#include "handoff/portable_run.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace dedalus {

namespace json = boost::json;

namespace {

/// An object of the document, with its text: values that are kept byte for byte are cut out of that.
struct text_object
{
    std::string_view text;
    json::object members;

    explicit text_object(std::string_view from) : text(from)
    {
        boost::system::error_code failure;
        json::value value = codec::parse_json(from, failure);
        if (failure.failed() || !value.is_object())
            throw store_error(store_errc::damaged, "an exported run is not made of JSON objects");
        members = std::move(value.get_object());
    }

    std::string_view raw(std::string_view name) const { return codec::raw_member(text, name).value_or("{}"); }

    /// A JSON object of its members but for those of these names, values as they stand.
    std::string without(std::span<const std::string_view> names) const
    {
        const auto raw_values = codec::raw_members(text);
        std::string out = "{";
        for (const auto& [name, value] : members) {
            if (std::find(names.begin(), names.end(), name) != names.end())
                continue;
            out += out.size() > 1 ? "," : "";
            out += json::serialize(json::string(name));
            out += ':';
            out += raw_values.at(std::string(name));
        }
        return out + '}';
    }
};

std::vector<std::string_view> elements(const text_object& document, std::string_view name)
{
    const json::value* list = document.members.if_contains(name);
    if (!list)
        return {};
    if (!list->is_array())
        handoff_core::member_reader::fail(name);
    return codec::raw_elements(document.raw(name));
}

// Who made a document without checksums has no use for them: docs/checkpoint.md.
template <class Record>
void take_checksum(handoff_core::member_reader& in, Record& record)
{
    const std::optional<std::string> text = in.text("crc32c");
    const auto value = text ? handoff_core::from_hex(*text) : stores::checksum(record);
    if (!value)
        handoff_core::member_reader::fail("crc32c");
    record.crc32c = *value;
}

stores::time_point time_or_none(handoff_core::member_reader& in)
{
    return in.time("at").value_or(stores::time_point());
}

stores::log_entry read_entry(std::string_view text)
{
    const text_object one(text);
    handoff_core::member_reader in(one.members);
    stores::log_entry entry;
    entry.seq = in.required_integer("seq", 1);
    entry.at = time_or_none(in);
    entry.fence = in.integer("fence").value_or(0);
    entry.turn = in.integer("turn").value_or(0);
    entry.kind = in.required_text("kind");
    entry.body = one.raw("body");
    if (const auto encoded = in.text("raw")) {
        const auto raw = crypto::base64_decode(*encoded);
        if (!raw)
            handoff_core::member_reader::fail("raw");
        entry.raw = *raw;
    }
    take_checksum(in, entry);
    return entry;
}

stores::call_record read_record(const stores::call_key& key, stores::call_record_kind kind, std::string_view text)
{
    const text_object one(text);
    handoff_core::member_reader in(one.members);
    stores::call_record record;
    record.key = key;
    record.kind = kind;
    record.attempt = in.integer("attempt", 1).value_or(1);
    record.fence = in.required_integer("fence");
    record.at = time_or_none(in);
    record.body = one.without(handoff_core::members_beside_record);
    take_checksum(in, record);
    // A body without members was an empty object or nothing at all: its checksum knows.
    if (record.body == "{}" && record.crc32c != stores::checksum(record))
        record.body.clear();
    return record;
}

void read_call(std::string_view text, std::vector<stores::call_record>& records)
{
    const text_object one(text);
    handoff_core::member_reader in(one.members);
    stores::call_key key;
    key.call_id = in.required_text("call");
    key.occurrence = in.integer("occurrence").value_or(0);
    for (const std::string_view start_text : elements(one, "starts")) {
        records.push_back(read_record(key, stores::call_record_kind::start, start_text));
        const text_object start(start_text);
        if (start.members.contains("abandoned"))
            records.push_back(read_record(key, stores::call_record_kind::abandon, start.raw("abandoned")));
    }
    if (in.object("finish"))
        records.push_back(read_record(key, stores::call_record_kind::finish, one.raw("finish")));
}

stores::inbox_item read_item(std::string_view text)
{
    const text_object one(text);
    handoff_core::member_reader in(one.members);
    stores::inbox_item item;
    item.inbox_id = in.required_text("inbox_id");
    item.kind = in.required_text("kind");
    if (auto kind = in.text("wait")) {
        stores::wait_key& key = item.wait.emplace();
        key.kind = std::move(*kind);
        key.call.call_id = in.required_text("call");
        key.call.occurrence = in.integer("occurrence").value_or(0);
    }
    item.at = time_or_none(in);
    item.body = one.raw("body");
    return item;
}

stores::late_result read_late(std::string_view text)
{
    const text_object one(text);
    handoff_core::member_reader in(one.members);
    stores::late_result result;
    result.key.call_id = in.required_text("call");
    result.key.occurrence = in.integer("occurrence").value_or(0);
    result.fence = in.required_integer("fence");
    result.at = time_or_none(in);
    result.body = one.raw("body");
    return result;
}

stores::wait_record read_call_wait(std::string_view text)
{
    const text_object one(text);
    handoff_core::member_reader in(one.members);
    stores::wait_record wait;
    wait.key.call.call_id = in.required_text("call");
    wait.key.call.occurrence = in.integer("occurrence").value_or(0);
    wait.key.kind = in.required_text("kind");
    wait.fingerprint = in.required_text("fingerprint");
    wait.token_sha256 = in.text("token_sha256").value_or("");
    wait.expires_at = in.time("expires_at");
    wait.decided_by = in.text("decided_by").value_or("");
    wait.body = one.raw("body");
    return wait;
}

void read_blob(std::string_view text, stores::blob_map& blobs)
{
    const text_object one(text);
    handoff_core::member_reader in(one.members);
    std::string name = in.required_text("sha256");
    std::optional<std::string> bytes = crypto::base64_decode(in.required_text("bytes"));
    if (!bytes)
        handoff_core::member_reader::fail("bytes");
    blobs.emplace(std::move(name), *std::move(bytes));
}

// Without call_waits, the waits are those of the head; the inbox says which are decided.
std::vector<stores::wait_record>
waits_of_head(const handoff_core::checkpoint_head& head, const std::vector<stores::inbox_item>& inbox)
{
    std::vector<stores::wait_record> waits = head.waits;
    for (stores::wait_record& wait : waits) {
        for (const stores::inbox_item& item : inbox) {
            if (item.wait == wait.key)
                wait.decided_by = item.inbox_id;
        }
    }
    std::ranges::sort(waits, {}, &stores::wait_record::key);
    return waits;
}

// Keeps the store until the operation has ended.
boost::asio::awaitable<stores::create_outcome>
restore_into(std::shared_ptr<run_store> store, stores::restore_request request)
{
    co_return co_await store->restore(std::move(request));
}

}  // namespace

stores::stored_run import_run(std::string_view document)
{
    const text_object whole(document);
    stores::stored_run run;
    run.head.bytes = whole.without(handoff_core::members_beside_head);
    // A version that is not known ends it before the rest is looked at.
    const handoff_core::checkpoint_head head = handoff_core::decode_head(run.head.bytes);
    run.run_id = head.run_id;
    run.head.phase = head.phase;
    run.head.wakeup_at = head.wakeup_at;
    run.head.expires_at = head.expires_at;
    run.head.labels = head.labels;
    run.rev = head.rev;
    run.last_seq = head.last_seq;
    run.created_at = head.created_at.value_or(stores::time_point());
    run.updated_at = head.updated_at.value_or(run.created_at);
    for (const std::string_view text : elements(whole, "log")) {
        run.entries.push_back(read_entry(text));
        run.fence = std::max(run.fence, run.entries.back().fence);
    }
    for (const std::string_view text : elements(whole, "calls"))
        read_call(text, run.calls);
    for (const stores::call_record& record : run.calls)
        run.fence = std::max(run.fence, record.fence);
    for (const std::string_view text : elements(whole, "inbox"))
        run.inbox.push_back(read_item(text));
    for (const std::string_view text : elements(whole, "late"))
        run.late.push_back(read_late(text));
    for (const stores::late_result& late : run.late)
        run.fence = std::max(run.fence, late.fence);
    for (const std::string_view text : elements(whole, "call_waits"))
        run.waits.push_back(read_call_wait(text));
    for (const std::string_view text : elements(whole, "blobs"))
        read_blob(text, run.blobs);
    if (run.waits.empty())
        run.waits = waits_of_head(head, run.inbox);
    handoff_core::read_checkpoint(run);
    return run;
}

boost::asio::awaitable<stores::create_outcome> import_run(std::shared_ptr<run_store> store, std::string_view document)
{
    if (!store)
        throw config_error("import_run() needs a store");
    stores::restore_request request;
    request.run = import_run(document);
    request.op_id = handoff_engine::make_import_id();
    return restore_into(std::move(store), std::move(request));
}

}  // namespace dedalus
