#pragma once

#include <dedalus/chat/stream.hpp>

#include "client/chat_call.hpp"

#include <memory>

namespace dedalus {

/// The stream over an answer. Throws as read_completion() does when the answer is not an event stream and not a
/// completion either.
chat_completion_stream open_chat_stream(std::shared_ptr<const chat_call> call, chat_answer answer);

}  // namespace dedalus
