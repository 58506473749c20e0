#include <dedalus/chat/message.hpp>

#include <boost/json/object.hpp>

#include <string_view>
#include <variant>

namespace dedalus {

namespace json = boost::json;

namespace {

void drop_nulls(json::object& object)
{
    for (auto it = object.begin(); it != object.end();) {
        if (it->value().is_null())
            it = object.stable_erase(it);
        else
            ++it;
    }
}

// A tag that a server left blank; a request has to name it.
void drop_blank(json::object& extra, std::string_view tag)
{
    const json::value* value = extra.if_contains(tag);
    if (value != nullptr && value->is_string() && value->get_string().empty())
        extra.stable_erase(tag);
}

void clean(function_tool_call& call)
{
    drop_blank(call.extra, "type");
    drop_nulls(call.extra);
    drop_nulls(call.function.extra);
}

void clean(custom_tool_call& call)
{
    drop_nulls(call.extra);
    drop_nulls(call.custom.extra);
}

void clean(json::object& call)
{
    drop_nulls(call);
}

// Reading keeps an empty list under the member's name in `extra`; servers refuse an empty `tool_calls`.
void drop_empty_list(json::object& extra, std::string_view name)
{
    const json::value* value = extra.if_contains(name);
    if (value != nullptr && value->is_array() && value->get_array().empty())
        extra.stable_erase(name);
}

}  // namespace

assistant_message assistant_message::for_request() const
{
    assistant_message sent = *this;
    sent.annotations.clear();
    sent.extra.stable_erase("annotations");
    drop_nulls(sent.extra);
    drop_empty_list(sent.extra, "tool_calls");
    drop_blank(sent.extra, "role");
    sent.audio.reset();
    if (audio && !audio->id.empty())
        sent.audio = answer_audio{.id = audio->id};
    for (tool_call& call : sent.tool_calls)
        std::visit([](auto& alternative) { clean(alternative); }, call);
    if (sent.function_call)
        drop_nulls(sent.function_call->extra);
    if (!sent.content && !sent.extra.contains("content"))
        sent.extra.emplace("content", nullptr);
    return sent;
}

}  // namespace dedalus
