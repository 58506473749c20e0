#include "codec/encode_chat_request.hpp"

#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/apply_dialect.hpp"
#include "codec/parse_json.hpp"
#include "codec/wire_root.hpp"
#include "codec/wire_schema.hpp"

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

void check_deferred_calls(std::string_view text)
{
    boost::system::error_code ec;
    json::monotonic_resource memory;
    const json::value calls = parse_json(text, ec, &memory);
    if (ec.failed() || !calls.is_array())
        throw invalid_request_error("deferred_calls_raw: expected the text of a JSON array");
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

std::string chat_request_text(json::object& members, std::string_view deferred_calls_raw)
{
    if (deferred_calls_raw.empty())
        return json::serialize(members);

    check_deferred_calls(deferred_calls_raw);
    members.stable_erase("deferred_calls");
    std::string text = json::serialize(members);
    text.pop_back();  // the closing brace; `model` is always there, so a comma is right
    return text.append(",\"deferred_calls\":").append(deferred_calls_raw).append("}");
}

std::string
encode_chat_request(const chat_completion_request& request, bool stream, dialect to, const response_format* format)
{
    std::array<unsigned char, 2048> small;
    json::monotonic_resource memory(small.data(), small.size());
    json::object members = chat_request_members(request, stream, to, format, &memory);
    return chat_request_text(members, request.deferred_calls_raw);
}

}  // namespace dedalus::codec
