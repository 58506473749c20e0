#include "codec/decode_chat.hpp"

#include <dedalus/error.hpp>

#include "codec/decode_api_error.hpp"
#include "codec/json_path.hpp"
#include "codec/parse_json.hpp"
#include "codec/raw_json.hpp"
#include "codec/wire_error.hpp"
#include "codec/wire_schema.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <vector>

namespace dedalus::codec {

namespace json = boost::json;

namespace {

constexpr std::size_t max_body_head_bytes = 2048;

// Holds the parsed form of a usual chunk without an allocation.
using parse_buffer = std::array<unsigned char, 8192>;

json::value parse_object(std::string_view text, const json::storage_ptr& storage)
{
    boost::system::error_code ec;
    json::value root = parse_json(text, ec, storage);
    if (ec.failed())
        throw wire_error(json_path(), "the answer is not valid JSON (" + ec.message() + ')');
    if (!root.is_object())
        throw_mismatch(json_path(), "an object", root.kind());
    return root;
}

// A server that sends the arguments as a text means the text's content; null means none.
std::string arguments_text(std::string_view raw)
{
    if (!raw.starts_with('"'))
        return raw == "null" ? std::string() : std::string(raw);
    boost::system::error_code ec;
    const json::value text = parse_json(raw, ec);
    return text.is_string() ? std::string(text.get_string()) : std::string();
}

template <class Answer>
void keep_raw_values(std::string_view text, Answer& answer)
{
    if (answer.server_results)
        answer.server_results_raw = raw_members(raw_member(text, "server_results").value_or(""));
    if (!answer.deferred.empty())
        answer.deferred_raw = raw_member(text, "deferred").value_or("");
    if (answer.pending_tools.empty())
        return;
    const std::vector<std::string_view> calls = raw_elements(raw_member(text, "pending_tools").value_or(""));
    for (std::size_t i = 0; i < calls.size() && i < answer.pending_tools.size(); ++i) {
        if (const auto arguments = raw_member(calls[i], "arguments"))
            answer.pending_tools[i].arguments_raw = arguments_text(*arguments);
    }
}

chat_completion read_completion(std::string_view text)
{
    parse_buffer buffer;
    json::monotonic_resource memory(buffer.data(), buffer.size());
    const json::value root = parse_object(text, &memory);
    chat_completion completion;
    read_struct(root, &completion, wire_schema_of<chat_completion>(), json_path());
    keep_raw_values(text, completion);
    return completion;
}

chat_completion_chunk read_chunk(std::string_view text)
{
    parse_buffer buffer;
    json::monotonic_resource memory(buffer.data(), buffer.size());
    const json::value root = parse_object(text, &memory);
    chat_completion_chunk chunk;
    if (is_error_object(root.get_object())) {
        chunk.extra = root.get_object();
        return chunk;
    }
    read_struct(root, &chunk, wire_schema_of<chat_completion_chunk>(), json_path());
    keep_raw_values(text, chunk);
    return chunk;
}

}  // namespace

chat_completion decode_chat_completion(std::string_view text, int status, const std::string& content_type)
{
    try {
        return read_completion(text);
    }
    catch (const wire_error& e) {
        throw response_format_error(e.what(), status, content_type, std::string(text.substr(0, max_body_head_bytes)));
    }
}

chat_completion_chunk decode_chat_chunk(std::string_view text)
{
    try {
        return read_chunk(text);
    }
    catch (const wire_error& e) {
        throw response_format_error(e.what(), 0, {}, {});
    }
}

}  // namespace dedalus::codec
