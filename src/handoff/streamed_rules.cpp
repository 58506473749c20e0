#include "handoff/streamed_rules.hpp"

#include <dedalus/error.hpp>

#include "handoff/classify.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

constexpr std::int64_t index_limit = 256;

[[noreturn]] void fail(const char* problem)
{
    throw response_format_error(problem, 0, {}, {});
}

void take_once(std::string& known, const std::optional<std::string>& piece, const char* problem)
{
    if (!piece || piece->empty())
        return;
    if (!known.empty() && known != *piece)
        fail(problem);
    known = *piece;
}

const std::optional<std::string>& name_of(const tool_call_delta& piece)
{
    static const std::optional<std::string> none;
    if (piece.function)
        return piece.function->name;
    return piece.custom ? piece.custom->name : none;
}

constexpr std::string_view earlier_member = "earlier_segments";

std::string called_id(const tool_call& call)
{
    if (const auto* function = std::get_if<function_tool_call>(&call))
        return function->id;
    if (const auto* custom = std::get_if<custom_tool_call>(&call))
        return custom->id;
    return {};
}

// What stands in an answer may be somebody else's.
const json::array& elements(const json::value* list)
{
    static const json::array none;
    const json::array* array = list == nullptr ? nullptr : list->if_array();
    return array == nullptr ? none : *array;
}

std::string text_of(const json::value& object, std::string_view member)
{
    const json::object* members = object.if_object();
    const json::value* value = members == nullptr ? nullptr : members->if_contains(member);
    const json::string* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(*text);
}

bool asks_for(const chat_completion& answer, const std::string& id)
{
    const assistant_message* message = answer.first_message();
    return std::ranges::find(answer.pending_tools, id, &pending_call::id) != answer.pending_tools.end() ||
           (message != nullptr && std::ranges::find(message->tool_calls, id, called_id) != message->tool_calls.end());
}

bool all_finished(const chat_completion& answer)
{
    return std::ranges::all_of(answer.choices, [](const choice& each) { return each.finish_reason.has_value(); });
}

}  // namespace

void call_pieces::look(const chat_completion_chunk& chunk)
{
    if (!chunk.id.empty()) {
        if (finished_ && chunk.id != completion_id_)
            begin_segment();
        completion_id_ = chunk.id;
    }
    for (const chunk_choice& choice : chunk.choices) {
        if (choice.index != 0)
            continue;  // nothing follows it
        for (const tool_call_delta& piece : choice.delta.tool_calls)
            look(piece);
        finished_ = finished_ || (choice.finish_reason && !choice.finish_reason->empty());
    }
}

void call_pieces::look(const tool_call_delta& piece)
{
    const std::int64_t index = index_of(piece);
    const auto known = calls_.find(index);
    const bool another = known != calls_.end() && piece.id && !piece.id->empty() && !known->second.id.empty() &&
                         *piece.id != known->second.id;
    if (another && finished_)
        begin_segment();
    identity& call = calls_[index];
    take_once(call.id, piece.id, "a tool call of the stream changes its id");
    take_once(call.type, piece.type, "a tool call of the stream changes its type");
    take_once(call.name, name_of(piece), "a tool call of the stream changes its name");
}

std::int64_t call_pieces::index_of(const tool_call_delta& piece) const
{
    if (!piece.index) {
        if (calls_.size() > 1)
            fail("a piece of a tool call has no index, and there are several calls");
        return calls_.empty() ? 0 : calls_.begin()->first;
    }
    if (*piece.index < 0 || *piece.index >= index_limit)
        fail("index of a tool call out of range");
    return *piece.index;
}

void call_pieces::begin_segment()
{
    calls_.clear();
    finished_ = false;
}

void check_whole(const chat_completion& answer, bool got_end_marker)
{
    if (!got_end_marker || !all_finished(answer))
        throw incomplete_stream_error(std::make_shared<const chat_completion>(answer));
}

void keep_earlier(chat_completion& answer, const std::vector<assistant_message>& messages)
{
    json::array segments;
    for (const assistant_message& message : messages) {
        json::array calls;
        for (const tool_call& call : message.tool_calls)
            calls.push_back(json::object{{"id", called_id(call)}, {"name", called_name(call)}});
        segments.push_back(json::object{{"text", message.text()}, {"calls", std::move(calls)}});
    }
    if (!segments.empty())
        answer.extra[earlier_member] = std::move(segments);
}

std::vector<earlier_call> earlier_calls(const chat_completion& answer)
{
    std::vector<earlier_call> found;
    for (const json::value& segment : elements(answer.extra.if_contains(earlier_member))) {
        const json::object* members = segment.if_object();
        for (const json::value& call : elements(members == nullptr ? nullptr : members->if_contains("calls"))) {
            earlier_call one{text_of(call, "id"), text_of(call, "name")};
            if (!asks_for(answer, one.id))
                found.push_back(std::move(one));
        }
    }
    return found;
}

std::optional<chat_completion> accepted_without_end(const wire_profile& profile, const boost::system::system_error& e)
{
    const auto* incomplete = dynamic_cast<const incomplete_stream_error*>(&e);
    if (incomplete == nullptr || !profile.accept_missing_end)
        return {};
    const chat_completion& answer = incomplete->partial();
    if (answer.choices.empty() || !all_finished(answer))
        return {};
    return answer;
}

}  // namespace dedalus::handoff_core
