#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::fuzz {

/// Pieces whose sizes follow from the input. Each is a string of its own, so that a sanitizer sees a look past its end.
inline std::vector<std::string> cut(std::string_view input)
{
    std::uint64_t state = 0x9E3779B97F4A7C15U;
    for (const char c : input)
        state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    std::vector<std::string> pieces;
    while (!input.empty()) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const std::size_t size = std::min<std::size_t>((state >> 33U) % 24, input.size());
        pieces.emplace_back(input.substr(0, size));
        input.remove_prefix(size);
    }
    return pieces;
}

/// Takes the first line of the input, without its line end.
inline std::string_view take_line(std::string_view& input)
{
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return line;
}

/// Whether the text can stand in a line of an HTTP head.
inline bool fits_a_line(std::string_view text)
{
    return std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
    });
}

}  // namespace dedalus::fuzz
