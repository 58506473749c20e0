#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/event_accumulator.hpp>

#include "handoff/requested_call.hpp"

#include <vector>

namespace dedalus::handoff_core {

/// Finds the calls of an answer that is still coming whose arguments are certainly whole: another call has begun and
/// they are a JSON document, or the finish reason is there.
class early_call_finder
{
public:
    /// Takes the next chunk. The calls that have become whole with it: those with an id whose arguments are an object.
    std::vector<requested_call> add(const chat_completion_chunk& chunk);

private:
    chat_completion_event_accumulator events_;
};

}  // namespace dedalus::handoff_core
