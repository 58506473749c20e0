#pragma once

#include <dedalus/chat/accumulator.hpp>
#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// Chunks for tests, as a server with the completion id "c1" sends them.
inline dedalus::chat_completion_chunk chunk_of(std::vector<dedalus::chunk_choice> choices)
{
    return {
        .id = "c1",
        .object = "chat.completion.chunk",
        .created = 1775000000,
        .model = "m",
        .choices = std::move(choices),
    };
}

inline dedalus::chat_completion_chunk delta_chunk(dedalus::message_delta delta, std::int64_t choice_index = 0)
{
    return chunk_of({dedalus::chunk_choice{.index = choice_index, .delta = std::move(delta)}});
}

inline dedalus::chat_completion_chunk text_chunk(std::string text, std::int64_t choice_index = 0)
{
    return delta_chunk({.content = std::move(text)}, choice_index);
}

inline dedalus::chat_completion_chunk finish_chunk(std::string reason, std::int64_t choice_index = 0)
{
    return chunk_of({dedalus::chunk_choice{
        .index = choice_index, .finish_reason = dedalus::finish_reason(std::move(reason))}});
}

inline dedalus::chat_completion_chunk
calls_chunk(std::vector<dedalus::tool_call_delta> calls, std::int64_t choice_index = 0)
{
    return delta_chunk({.tool_calls = std::move(calls)}, choice_index);
}

inline dedalus::chat_completion_chunk with_id(std::string id, dedalus::chat_completion_chunk chunk)
{
    chunk.id = std::move(id);
    return chunk;
}

inline dedalus::chat_completion accumulate(const std::vector<dedalus::chat_completion_chunk>& chunks)
{
    dedalus::chat_completion_accumulator accumulator;
    for (const dedalus::chat_completion_chunk& chunk : chunks)
        accumulator.add(chunk);
    return accumulator.completion();
}

/// The message of the first choice of what the chunks add up to.
inline dedalus::assistant_message accumulated_message(const std::vector<dedalus::chat_completion_chunk>& chunks)
{
    return accumulate(chunks).choices.at(0).message;
}

}  // namespace test
