#pragma once

#include <dedalus/chat/accumulator.hpp>
#include <dedalus/chat/stream.hpp>

#include "client/chat_call.hpp"

#include <memory>

namespace dedalus {

/// The stream over an answer. Throws as read_completion() does when the answer is not an event stream and not a
/// completion either.
chat_completion_stream open_chat_stream(std::shared_ptr<const chat_call> call, chat_answer answer);

/// What the events need to see of a stream.
struct chat_stream_access
{
    /// What the chunks given out add up to; null when the answer came whole, as one chunk. Lives as long as the stream.
    static const chat_completion_accumulator* accumulated(const chat_completion_stream& stream) noexcept;

    /// Whether the stream came to its end, not to an error.
    static bool complete(const chat_completion_stream& stream) noexcept;
};

}  // namespace dedalus
