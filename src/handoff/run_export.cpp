#include <dedalus/handoff/run_export.hpp>
#include <dedalus/stores/store_error.hpp>

#include "codec/parse_json.hpp"
#include "crypto/base64.hpp"
#include "handoff/portable_run.hpp"
#include "handoff/utc_time.hpp"
#include "support/utf8.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <span>

namespace dedalus {

namespace json = boost::json;

namespace {

[[noreturn]] void fail(const char* what)
{
    throw store_error(store_errc::damaged, what);
}

/// Writes a JSON object by hand, so that bodies stay byte for byte what they are.
class object_writer
{
public:
    explicit object_writer(std::string& out) : out_(out) { out_ += '{'; }

    ~object_writer() { out_ += '}'; }

    object_writer(const object_writer&) = delete;
    object_writer& operator=(const object_writer&) = delete;

    /// The member's value comes next in `out`.
    void name(std::string_view name)
    {
        out_ += out_.back() == '{' ? "\"" : ",\"";
        out_.append(name).append("\":");
    }

    void text(std::string_view member, std::string_view value)
    {
        if (!support::is_utf8(value))
            fail("a text that is not UTF-8 cannot be exported");
        name(member);
        out_ += json::serialize(json::string(value));
    }

    void integer(std::string_view member, std::int64_t value)
    {
        name(member);
        out_ += std::to_string(value);
    }

    /// The members of the object that the text is. It must have none that stands beside them.
    void members(std::string_view object, std::span<const std::string_view> beside = {})
    {
        const std::string_view inner = inside(object, beside);
        if (inner.empty())
            return;
        if (out_.back() != '{')
            out_ += ',';
        out_ += inner;
    }

private:
    static std::string_view inside(std::string_view object, std::span<const std::string_view> beside)
    {
        boost::system::error_code failure;
        const json::value value = codec::parse_json(object, failure);
        if (failure.failed() || !value.is_object() || !object.starts_with('{') || !object.ends_with('}'))
            fail("a body that is no JSON object cannot be exported");
        if (value.get_object().empty())
            return {};
        for (const std::string_view name : beside) {
            if (value.get_object().contains(name))
                fail("a body has a member that is the exporter's own");
        }
        return object.substr(1, object.size() - 2);
    }

    std::string& out_;
};

void write_log(std::string& out, const std::vector<stores::log_entry>& entries)
{
    out += '[';
    for (const stores::log_entry& entry : entries) {
        if (out.back() != '[')
            out += ',';
        object_writer one(out);
        one.integer("seq", entry.seq);
        one.text("at", handoff_core::to_utc_text(entry.at));
        one.integer("fence", entry.fence);
        one.integer("turn", entry.turn);
        one.text("kind", entry.kind);
        one.name("body");
        {
            object_writer body(out);
            body.members(entry.body);
        }
        if (!entry.raw.empty())
            one.text("raw", crypto::base64_encode(entry.raw));
        one.text("crc32c", handoff_core::to_hex(entry.crc32c));
    }
    out += ']';
}

void write_record(object_writer& to, const stores::call_record& record)
{
    to.integer("attempt", record.attempt);
    to.integer("fence", record.fence);
    to.text("at", handoff_core::to_utc_text(record.at));
    if (!record.body.empty())
        to.members(record.body, handoff_core::members_beside_record);
    to.text("crc32c", handoff_core::to_hex(record.crc32c));
}

using record_iterator = std::vector<stores::call_record>::const_iterator;

// Starts, each with its abandon: [begin, end) are the records of one call, in order.
void write_starts(std::string& out, record_iterator begin, record_iterator end)
{
    out += '[';
    for (auto record = begin; record != end && record->kind != stores::call_record_kind::finish; ++record) {
        if (record->kind == stores::call_record_kind::abandon)
            fail("an attempt was abandoned that was never started");
        if (out.back() != '[')
            out += ',';
        object_writer one(out);
        write_record(one, *record);
        const auto next = record + 1;
        if (next == end || next->kind != stores::call_record_kind::abandon || next->attempt != record->attempt)
            continue;
        one.name("abandoned");
        object_writer abandoned(out);
        write_record(abandoned, *next);
        ++record;
    }
    out += ']';
}

void write_calls(std::string& out, const std::vector<stores::call_record>& records)
{
    out += '[';
    for (auto begin = records.begin(); begin != records.end();) {
        const auto other = [&](const stores::call_record& record) { return record.key != begin->key; };
        const auto end = std::find_if(begin, records.end(), other);
        if (out.back() != '[')
            out += ',';
        object_writer one(out);
        one.text("call", begin->key.call_id);
        one.integer("occurrence", begin->key.occurrence);
        one.name("starts");
        write_starts(out, begin, end);
        if (const auto last = end - 1; last->kind == stores::call_record_kind::finish) {
            one.name("finish");
            object_writer finish(out);
            write_record(finish, *last);
        }
        begin = end;
    }
    out += ']';
}

void write_inbox(std::string& out, const std::vector<stores::inbox_item>& items)
{
    out += '[';
    for (const stores::inbox_item& item : items) {
        if (out.back() != '[')
            out += ',';
        object_writer one(out);
        one.text("inbox_id", item.inbox_id);
        one.text("kind", item.kind);
        if (item.wait) {
            one.text("call", item.wait->call.call_id);
            one.integer("occurrence", item.wait->call.occurrence);
            one.text("wait", item.wait->kind);
        }
        one.text("at", handoff_core::to_utc_text(item.at));
        one.name("body");
        object_writer body(out);
        body.members(item.body.empty() ? "{}" : item.body);
    }
    out += ']';
}

// The head has no bodies of waits.
bool have_bodies(const std::vector<stores::wait_record>& waits)
{
    return std::ranges::any_of(waits, [](const stores::wait_record& wait) { return !wait.body.empty(); });
}

void write_call_waits(std::string& out, const std::vector<stores::wait_record>& waits)
{
    out += '[';
    for (const stores::wait_record& wait : waits) {
        if (out.back() != '[')
            out += ',';
        object_writer one(out);
        one.text("call", wait.key.call.call_id);
        one.integer("occurrence", wait.key.call.occurrence);
        one.text("kind", wait.key.kind);
        one.text("fingerprint", wait.fingerprint);
        if (!wait.token_sha256.empty())
            one.text("token_sha256", wait.token_sha256);
        if (wait.expires_at)
            one.text("expires_at", handoff_core::to_utc_text(*wait.expires_at));
        if (!wait.decided_by.empty())
            one.text("decided_by", wait.decided_by);
        one.name("body");
        object_writer body(out);
        body.members(wait.body.empty() ? "{}" : wait.body);
    }
    out += ']';
}

void write_late(std::string& out, const std::vector<stores::late_result>& results)
{
    out += '[';
    for (const stores::late_result& result : results) {
        if (out.back() != '[')
            out += ',';
        object_writer one(out);
        one.text("call", result.key.call_id);
        one.integer("occurrence", result.key.occurrence);
        one.integer("fence", result.fence);
        one.text("at", handoff_core::to_utc_text(result.at));
        one.name("body");
        object_writer body(out);
        body.members(result.body.empty() ? "{}" : result.body);
    }
    out += ']';
}

void write_blobs(std::string& out, const stores::blob_map& blobs)
{
    out += '[';
    for (const auto& [name, bytes] : blobs) {
        if (out.back() != '[')
            out += ',';
        object_writer one(out);
        one.text("sha256", name);
        one.text("bytes", crypto::base64_encode(bytes));
    }
    out += ']';
}

}  // namespace

std::string export_run(const stores::stored_run& run)
{
    std::string out;
    {
        object_writer document(out);
        document.members(run.head.bytes, handoff_core::members_beside_head);
        document.name("log");
        write_log(out, run.entries);
        document.name("calls");
        write_calls(out, run.calls);
        document.name("inbox");
        write_inbox(out, run.inbox);
        if (have_bodies(run.waits)) {
            document.name("call_waits");
            write_call_waits(out, run.waits);
        }
        if (!run.late.empty()) {
            document.name("late");
            write_late(out, run.late);
        }
        if (!run.blobs.empty()) {
            document.name("blobs");
            write_blobs(out, run.blobs);
        }
    }
    return out;
}

}  // namespace dedalus
