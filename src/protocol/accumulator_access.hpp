#pragma once

#include <dedalus/chat/accumulator.hpp>

#include "protocol/choice_accumulator.hpp"

#include <cstdint>
#include <vector>

namespace dedalus::protocol {

/// What adding a chunk did.
struct chunk_trace
{
    bool began_answer = false;                         ///< all choices of the segment before were dropped
    std::vector<choice_accumulator::trace> choices{};  ///< of the choices of the chunk, in their order
};

/// What the events need to see of an accumulator.
struct accumulator_access
{
    /// Of the last chunk; valid until the next one is added.
    static const chunk_trace& trace(const chat_completion_accumulator& accumulator);

    /// Null when there is no such choice. Valid until the next chunk is added.
    static const choice_accumulator* choice(const chat_completion_accumulator& accumulator, std::int64_t index);
};

}  // namespace dedalus::protocol
