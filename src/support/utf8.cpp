#include "support/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace dedalus::support {

namespace {

struct byte_range
{
    unsigned char first;
    unsigned char last;
};

constexpr byte_range any_continuation{0x80, 0xBF};

// How many bytes follow this first byte, 0 when no character begins so.
std::size_t continuation_count(unsigned char first) noexcept
{
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if (first >= 0xE0 && first <= 0xEF)
        return 2;
    if (first >= 0xF0 && first <= 0xF4)
        return 3;
    return 0;
}

// The second byte is what excludes overlong forms, surrogates and values above U+10FFFF.
byte_range second_byte(unsigned char first) noexcept
{
    switch (first) {
    case 0xE0:
        return {0xA0, 0xBF};
    case 0xED:
        return {0x80, 0x9F};
    case 0xF0:
        return {0x90, 0xBF};
    case 0xF4:
        return {0x80, 0x8F};
    default:
        return any_continuation;
    }
}

bool is_in(char c, byte_range range) noexcept
{
    const auto byte = static_cast<unsigned char>(c);
    return byte >= range.first && byte <= range.last;
}

std::size_t ascii_length(std::string_view text) noexcept
{
    constexpr std::uint64_t high_bits = 0x8080808080808080ULL;
    std::size_t length = 0;
    for (std::uint64_t word = 0; text.size() - length >= sizeof word; length += sizeof word) {
        std::memcpy(&word, text.data() + length, sizeof word);
        if ((word & high_bits) != 0)
            break;
    }
    while (length < text.size() && static_cast<unsigned char>(text[length]) < 0x80)
        ++length;
    return length;
}

// Length of the character at the start of the text, which does not begin with ASCII; 0 when it is malformed.
std::size_t character_length(std::string_view text) noexcept
{
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t count = continuation_count(first);
    if (count == 0 || text.size() <= count || !is_in(text[1], second_byte(first)))
        return 0;
    for (std::size_t i = 2; i <= count; ++i) {
        if (!is_in(text[i], any_continuation))
            return 0;
    }
    return count + 1;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept
{
    text.remove_prefix(ascii_length(text));
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
        text.remove_prefix(ascii_length(text));
    }
    return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept
{
    if (text.size() <= max_bytes)
        return text;
    std::size_t length = max_bytes;
    while (length > 0 && max_bytes - length < 3 && is_in(text[length], any_continuation))
        --length;
    return text.substr(0, length);
}

}  // namespace dedalus::support
