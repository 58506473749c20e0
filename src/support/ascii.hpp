#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace dedalus::support {

/// Letters A to Z become small; nothing else changes, whatever the locale.
constexpr char ascii_lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool ascii_is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

constexpr bool ascii_is_alnum(char c) noexcept
{
    return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/// Equal without regard to ASCII case, as HTTP compares field names.
constexpr bool ascii_iequals(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

/// Without the white space at both ends.
constexpr std::string_view trimmed(std::string_view text) noexcept
{
    constexpr std::string_view white_space = " \t\n\r\f\v";
    const std::size_t begin = text.find_first_not_of(white_space);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(white_space) - begin + 1);
}

}  // namespace dedalus::support
