#include "handoff/classify.hpp"

#include <algorithm>
#include <string_view>
#include <variant>

namespace dedalus::handoff_core {

namespace {

bool has_handoff_member(const chat_completion& answer)
{
    return !answer.pending_tools.empty() || !answer.deferred.empty() || answer.server_results.has_value() ||
           answer.correlation_id.has_value() || answer.turns_consumed.has_value() || !answer.tools_executed.empty() ||
           !answer.mcp_tool_results.empty() || !answer.mcp_server_errors.empty();
}

bool is_text(const assistant_message& message)
{
    return !message.text().empty();
}

bool calls_registered(const assistant_message& message, const std::vector<std::string>& names)
{
    return std::any_of(message.tool_calls.begin(), message.tool_calls.end(), [&names](const tool_call& call) {
        return std::find(names.begin(), names.end(), called_name(call)) != names.end();
    });
}

// Reasons that this version does not know leave it to the message to say what the answer is.
bool is_known(std::string_view reason)
{
    return reason == finish_reason::stop || reason == finish_reason::tool_calls ||
           reason == finish_reason::function_call;
}

}  // namespace

std::string called_name(const tool_call& call)
{
    if (const auto* function = std::get_if<function_tool_call>(&call))
        return function->function.name;
    if (const auto* custom = std::get_if<custom_tool_call>(&call))
        return custom->custom.name;
    return {};
}

std::string refusal_text(const assistant_message& message)
{
    std::string text = message.refusal.value_or("");
    const auto* parts = message.content ? std::get_if<std::vector<content_part>>(&*message.content) : nullptr;
    if (!text.empty() || parts == nullptr)
        return text;
    for (const content_part& part : *parts) {
        if (const auto* refusal = std::get_if<refusal_part>(&part))
            text += refusal->refusal;
    }
    return text;
}

answer_kind classify(const chat_completion& answer, const std::vector<std::string>& registered_names)
{
    if (!answer.pending_tools.empty())
        return answer_kind::handoff;
    if (answer.choices.empty())
        return has_handoff_member(answer) ? answer_kind::server_waits : answer_kind::nothing;

    const assistant_message& message = answer.choices.front().message;
    const std::string reason =
        answer.choices.front().finish_reason ? answer.choices.front().finish_reason->str() : std::string();
    if (reason == finish_reason::length || reason == finish_reason::model_length)
        return answer_kind::length;
    if (reason == finish_reason::content_filter)
        return answer_kind::content_filter;
    if (!message.tool_calls.empty() &&
        (calls_registered(message, registered_names) || reason == finish_reason::tool_calls ||
         (!is_known(reason) && !is_text(message))))
        return answer_kind::plain_calls;
    if (!answer.deferred.empty())
        return answer_kind::server_waits;
    if (!refusal_text(message).empty())
        return answer_kind::refusal;
    if (message.function_call && (reason == finish_reason::function_call || !is_text(message)))
        return answer_kind::unsupported;
    return answer_kind::final_answer;
}

}  // namespace dedalus::handoff_core
