#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/handoff/run_result.hpp>

#include "handoff/requested_call.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::handoff_core {

/// Texts of tool messages by call id.
using answer_texts = std::map<std::string, std::string, std::less<>>;

/// What one answer becomes in the history, and what it asks for.
struct assembled_turn
{
    assistant_message message{};              ///< as it goes back: each of its calls has an id of its own
    std::vector<requested_call> requested{};  ///< the pending calls, then other calls that the client has to answer
    answer_texts server_answers{};            ///< for calls of `message` that the server has answered
    std::vector<run_diagnostic> diagnostics{};
};

/// Makes the assistant message of an answer fit to be sent back, and collects the calls that the client answers.
///
/// The received message is kept, with calls added for pending ones that it lacks; a call that is such a pending one
/// under another id (same name, same arguments) is left out, so that it does not run twice. Any other call that is
/// neither pending, nor answered by the server, nor deferred counts as the client's when a tool of its name is
/// registered; when the server ran a tool of that name it is left out, since nothing can answer it; any other is the
/// client's too, to be answered with an error.
/// @param make_call_id  gives a new id for a call that came without one
assembled_turn assemble_turn(
    const chat_completion& answer,
    const std::vector<std::string>& registered_names,
    int turn,
    const std::function<std::string()>& make_call_id
);

/// The content of a tool message for a server result: a string as it is, anything else as JSON: `raw`, the bytes as
/// received, when they are known.
std::string server_result_text(const boost::json::value& result, std::string_view raw = {});

/// The content of a tool message for a server result of the answer.
std::string
server_result_text(const chat_completion& answer, std::string_view call_id, const boost::json::value& result);

/// The id of a call; empty when it has none.
std::string call_id(const tool_call& call);

}  // namespace dedalus::handoff_core
