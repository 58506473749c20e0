#include "crypto/hex.hpp"

#include <cstddef>

namespace dedalus::crypto {

namespace {

constexpr std::string_view lower_digits = "0123456789abcdef";
constexpr std::string_view upper_digits = "0123456789ABCDEF";

std::optional<unsigned> hex_value(char digit)
{
    const std::size_t lower = lower_digits.find(digit);
    const std::size_t value = lower == std::string_view::npos ? upper_digits.find(digit) : lower;
    if (value == std::string_view::npos)
        return std::nullopt;
    return static_cast<unsigned>(value);
}

}  // namespace

std::string hex_encode(std::string_view bytes)
{
    std::string text;
    text.reserve(2 * bytes.size());
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        text += lower_digits[value >> 4U];
        text += lower_digits[value & 0x0fU];
    }
    return text;
}

std::optional<std::string> hex_decode(std::string_view text)
{
    if (text.size() % 2 != 0)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const std::optional<unsigned> high = hex_value(text[i]);
        const std::optional<unsigned> low = hex_value(text[i + 1]);
        if (!high || !low)
            return std::nullopt;
        bytes += static_cast<char>(*high << 4U | *low);
    }
    return bytes;
}

}  // namespace dedalus::crypto
