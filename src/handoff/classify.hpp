#pragma once

#include <dedalus/chat/completion.hpp>

#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// What an answer asks of the client.
enum class answer_kind
{
    nothing,         ///< no choice and no handoff member: not an answer
    handoff,         ///< `pending_tools` to run
    length,          ///< stopped by a token limit: calls may be cut, so none is run
    content_filter,  ///< content was withheld
    plain_calls,     ///< `tool_calls` to run or to answer
    server_waits,    ///< `deferred` calls, or handoff members without a choice, and nothing that the client could give
    refusal,         ///< the model refused
    final_answer,    ///< text, or an empty end
    unsupported,     ///< a legacy `function_call`
};

/// Only the first choice counts. The order of the rules matters: pending calls come before everything else, because
/// their arguments arrived parsed, whatever the finish reason says.
answer_kind classify(const chat_completion& answer, const std::vector<std::string>& registered_names);

/// The words of a refusal: of the member `refusal`, else of the refusal parts of the content. Empty when there is none.
std::string refusal_text(const assistant_message& message);

/// The name of the called tool; empty for a call of an unknown type.
std::string called_name(const tool_call& call);

}  // namespace dedalus::handoff_core
