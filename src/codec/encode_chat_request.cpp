#include "codec/encode_chat_request.hpp"

#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/apply_dialect.hpp"
#include "codec/parse_json.hpp"
#include "codec/wire_error.hpp"
#include "codec/wire_root.hpp"
#include "codec/wire_schema.hpp"
#include "codec/wire_writer.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace dedalus::codec {

namespace json = boost::json;

namespace {

// The raw ones take the place of the typed ones.
void drop_deferred_calls(json::object& members, std::string_view raw)
{
    if (raw.empty())
        return;
    boost::system::error_code ec;
    json::monotonic_resource memory;
    const json::value calls = parse_json(raw, ec, &memory);
    if (ec.failed() || !calls.is_array())
        throw invalid_request_error("deferred_calls_raw: expected the text of a JSON array");
    members.stable_erase("deferred_calls");
}

// The closing brace makes room for it; `model` is always there, so a comma is right.
void append_deferred_calls(std::string& text, std::string_view raw)
{
    if (raw.empty())
        return;
    text.pop_back();
    text.append(",\"deferred_calls\":").append(raw).append("}");
}

// To read all of it each time would cost more than everything else about a long history.
void check_messages(std::string_view text)
{
    if (text.front() != '[' || text.back() != ']')
        throw invalid_request_error("messages_raw: expected the text of a JSON array");
}

void append_member(std::string& text, const json::key_value_pair& member)
{
    text += text.size() > 1 ? "," : "";
    text.append(json::serialize(member.key())).append(":").append(json::serialize(member.value()));
}

// The messages stand where the typed ones would: behind `model`, or first when that comes later, as from `extra`.
chat_request_frame make_frame(json::object& members, std::string_view deferred_calls)
{
    drop_deferred_calls(members, deferred_calls);
    chat_request_frame frame{"{", ","};
    for (const json::key_value_pair& member : members) {
        if (member.key() == "messages")
            continue;
        const bool is_first = &member == members.begin();
        append_member(is_first && member.key() == "model" ? frame.before : frame.after, member);
    }
    frame.before += frame.before.size() > 1 ? R"(,"messages":)" : R"("messages":)";
    frame.after = frame.after.size() > 1 ? frame.after + '}' : "}";
    append_deferred_calls(frame.after, deferred_calls);
    return frame;
}

}  // namespace

json::object chat_request_members(
    const chat_completion_request& request,
    bool stream,
    dialect to,
    const response_format* format,
    json::storage_ptr storage
)
{
    json::value body(std::move(storage));
    write_root(&request, wire_schema_of<chat_completion_request>(), body);
    json::object& members = body.get_object();
    apply_dialect(to, members, request.extra);
    members.stable_erase("stream");
    if (format != nullptr)
        members["response_format"] = json::value_from(*format);
    if (!stream) {
        members.stable_erase("stream_options");
        return std::move(members);
    }
    const json::value* deferred = members.if_contains("deferred");
    if (deferred != nullptr && deferred->is_bool() && deferred->get_bool())
        throw invalid_request_error("deferred: a deferred completion cannot be streamed");
    members.emplace("stream", true);
    return std::move(members);
}

raw_parts raw_parts_of(const chat_completion_request& request)
{
    return {request.messages_raw, request.deferred_calls_raw};
}

std::string chat_request_text(json::object& members, const raw_parts& raw)
{
    std::string text;
    if (!raw.messages.empty()) {
        check_messages(raw.messages);
        const chat_request_frame frame = make_frame(members, raw.deferred_calls);
        text.reserve(frame.before.size() + raw.messages.size() + frame.after.size());
        return text.append(frame.before).append(raw.messages).append(frame.after);
    }
    drop_deferred_calls(members, raw.deferred_calls);
    text = json::serialize(members);
    append_deferred_calls(text, raw.deferred_calls);
    return text;
}

std::string
encode_chat_request(const chat_completion_request& request, bool stream, dialect to, const response_format* format)
{
    std::array<unsigned char, 2048> small;
    json::monotonic_resource memory(small.data(), small.size());
    json::object members = chat_request_members(request, stream, to, format, &memory);
    return chat_request_text(members, raw_parts_of(request));
}

chat_request_frame encode_chat_request_frame(const chat_completion_request& request, bool stream, dialect to)
{
    std::array<unsigned char, 2048> small;
    json::monotonic_resource memory(small.data(), small.size());
    json::object members = chat_request_members(request, stream, to, nullptr, &memory);
    return make_frame(members, request.deferred_calls_raw);
}

std::string encode_message(const message& one, std::size_t index, dialect to)
{
    json::monotonic_resource memory;
    json::value value(&memory);
    const json_path body;
    const json_path list(body, "messages");
    try {
        wire_writer::write(one, value, json_path(list, index));
    }
    catch (const wire_error& e) {
        throw invalid_request_error(e.what());
    }
    apply_dialect_to_message(to, value);
    return json::serialize(value);
}

}  // namespace dedalus::codec
