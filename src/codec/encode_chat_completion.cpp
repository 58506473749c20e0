#include "codec/encode_chat_completion.hpp"

#include <dedalus/json.hpp>

#include "codec/parse_json.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/system/error_code.hpp>

#include <string_view>

namespace dedalus::codec {

namespace json = boost::json;

namespace {

/// The text of an object, with members whose text is there already.
class object_text
{
public:
    explicit object_text(const json::object& members) : text_(json::serialize(members)) { text_.pop_back(); }

    void add(std::string_view name, std::string_view value)
    {
        if (text_.size() > 1)
            text_ += ',';
        text_.append(json::serialize(json::string(name))).append(":").append(value);
    }

    std::string finish() && { return std::move(text_ += '}'); }

private:
    std::string text_;
};

bool is_json(std::string_view text)
{
    boost::system::error_code ec;
    json::monotonic_resource memory;
    const json::value parsed = parse_json(text, ec, &memory);
    return !ec.failed() && parsed.is_object();
}

std::string text_of(const pending_call& call)
{
    json::object members = json::value_from(call).as_object();
    if (call.arguments_raw.empty())
        return json::serialize(members);
    members.stable_erase("arguments");
    object_text text(members);
    // Arguments that came as a text are kept as the text's content.
    text.add(
        "arguments",
        is_json(call.arguments_raw) ? call.arguments_raw : json::serialize(json::string(call.arguments_raw))
    );
    return std::move(text).finish();
}

std::string pending_text(const chat_completion& completion)
{
    std::string text;
    for (const pending_call& call : completion.pending_tools)
        text.append(text.empty() ? "[" : ",").append(text_of(call));
    return text += ']';
}

std::string server_results_text(const chat_completion& completion)
{
    object_text text{json::object()};
    for (const json::key_value_pair& entry : *completion.server_results) {
        const auto raw = completion.server_results_raw.find(std::string_view(entry.key()));
        text.add(
            entry.key(), raw == completion.server_results_raw.end() ? json::serialize(entry.value()) : raw->second
        );
    }
    return std::move(text).finish();
}

}  // namespace

std::string encode_chat_completion(const chat_completion& completion)
{
    // An empty member may be there all the same, as a null.
    json::object members = json::value_from(completion).as_object();
    if (!completion.pending_tools.empty())
        members.stable_erase("pending_tools");
    if (completion.server_results)
        members.stable_erase("server_results");
    if (!completion.deferred_raw.empty())
        members.stable_erase("deferred");
    object_text text(members);
    if (!completion.pending_tools.empty())
        text.add("pending_tools", pending_text(completion));
    if (completion.server_results)
        text.add("server_results", server_results_text(completion));
    if (!completion.deferred_raw.empty())
        text.add("deferred", completion.deferred_raw);
    return std::move(text).finish();
}

}  // namespace dedalus::codec
