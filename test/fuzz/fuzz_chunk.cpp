#include <dedalus/chat/accumulator.hpp>

#include "codec/decode_api_error.hpp"
#include "codec/decode_chat.hpp"
#include "fuzz/fuzz_targets.hpp"
#include "fuzz/invariants.hpp"

namespace dedalus::fuzz {
namespace {

std::optional<chat_completion_chunk> decoded_chunk(std::string_view text)
{
    try {
        return codec::decode_chat_chunk(text);
    }
    catch (const response_format_error&) {
        return std::nullopt;
    }
}

/// What a chunk adds up to, given twice, is a completion like any other.
void require_accumulates(const chat_completion_chunk& chunk)
{
    chat_completion_accumulator accumulator(1024 * 1024);
    try {
        accumulator.add(chunk);
        accumulator.add(chunk);
    }
    catch (const response_format_error&) {
        return;
    }
    require_round_trip(accumulator.completion());
}

}  // namespace

void fuzz_chunk(std::string_view input)
{
    const std::optional<chat_completion_chunk> chunk = decoded_chunk(input);
    if (!chunk)
        return;
    // An error need not look like a chunk.
    if (!codec::is_error_object(chunk->extra)) {
        require_round_trip(*chunk);
        require_accumulates(*chunk);
    }
    api_error_details details;
    codec::decode_api_error(input, details);
    require(!details.message.empty(), "every error body gives a message");
}

}  // namespace dedalus::fuzz
