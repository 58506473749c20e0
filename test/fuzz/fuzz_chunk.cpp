#include <dedalus/chat/accumulator.hpp>

#include "codec/chunk_decoder.hpp"
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

/// What the decoder of a stream makes of a text that it has seen before is what parsing makes of it; also when one of
/// its bytes is another.
void require_same_when_repeated(std::string_view input)
{
    codec::chunk_decoder decoder;
    std::string text(input);
    for (std::size_t i = 0; i < 5; ++i) {
        std::optional<chat_completion_chunk> repeated;
        try {
            decoder.decode(text);
            const chat_completion_chunk seen = decoder.chunk();
            repeated = decoder.take();
            require(repeated == seen, "a chunk that is taken is the chunk that was seen");
        }
        catch (const response_format_error&) {
            repeated.reset();
        }
        require(repeated == decoded_chunk(text), "a repeated chunk is decoded as parsing decodes it");
        if (i >= 2)
            text[input.size() * (i - 1) / 4] ^= 1;
    }
}

}  // namespace

void fuzz_chunk(std::string_view input)
{
    const std::optional<chat_completion_chunk> chunk = decoded_chunk(input);
    if (!chunk)
        return;
    require_same_when_repeated(input);
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
