#pragma once

#include <dedalus/chat/accumulator.hpp>
#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace dedalus::test {

/// Chunks for tests, as a server with the completion id "c1" sends them.
inline chat_completion_chunk chunk_of(std::vector<chunk_choice> choices)
{
    return {
        .id = "c1",
        .object = "chat.completion.chunk",
        .created = 1775000000,
        .model = "m",
        .choices = std::move(choices),
    };
}

inline chat_completion_chunk delta_chunk(message_delta delta, std::int64_t choice_index = 0)
{
    return chunk_of({chunk_choice{.index = choice_index, .delta = std::move(delta)}});
}

inline chat_completion_chunk text_chunk(std::string text, std::int64_t choice_index = 0)
{
    return delta_chunk({.content = std::move(text)}, choice_index);
}

inline chat_completion_chunk finish_chunk(std::string reason, std::int64_t choice_index = 0)
{
    return chunk_of({chunk_choice{.index = choice_index, .finish_reason = finish_reason(std::move(reason))}});
}

inline chat_completion_chunk calls_chunk(std::vector<tool_call_delta> calls, std::int64_t choice_index = 0)
{
    return delta_chunk({.tool_calls = std::move(calls)}, choice_index);
}

inline chat_completion_chunk with_id(std::string id, chat_completion_chunk chunk)
{
    chunk.id = std::move(id);
    return chunk;
}

inline chat_completion accumulate(const std::vector<chat_completion_chunk>& chunks)
{
    chat_completion_accumulator accumulator;
    for (const chat_completion_chunk& chunk : chunks)
        accumulator.add(chunk);
    return accumulator.completion();
}

/// The message of the first choice of what the chunks add up to.
inline assistant_message accumulated_message(const std::vector<chat_completion_chunk>& chunks)
{
    return accumulate(chunks).choices.at(0).message;
}

}  // namespace dedalus::test
