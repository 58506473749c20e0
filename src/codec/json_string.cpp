#include "codec/json_string.hpp"

#include "support/utf8.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

namespace dedalus::codec {

namespace {

// What a byte means inside a JSON string.
enum class byte_kind : unsigned char
{
    plain,      // ASCII that stands for itself
    not_ascii,  // stands for itself in UTF-8
    control,    // not allowed
    escape,
    quote,
};

constexpr std::array<byte_kind, 256> make_byte_kinds()
{
    std::array<byte_kind, 256> kinds{};
    for (std::size_t c = 0; c < kinds.size(); ++c)
        kinds[c] = c < 0x20 ? byte_kind::control : c < 0x80 ? byte_kind::plain : byte_kind::not_ascii;
    kinds['\\'] = byte_kind::escape;
    kinds['"'] = byte_kind::quote;
    return kinds;
}

constexpr std::array<byte_kind, 256> byte_kinds = make_byte_kinds();

byte_kind kind_of_byte(char c) noexcept
{
    return byte_kinds[static_cast<unsigned char>(c)];
}

// Where the first byte from here on is that is not plain; the size of the text when there is none.
std::size_t skip_plain(std::string_view text, std::size_t at) noexcept
{
    while (at < text.size() && kind_of_byte(text[at]) == byte_kind::plain)
        ++at;
    return at;
}

std::optional<std::uint32_t> take_code_unit(std::string_view& text) noexcept
{
    constexpr std::size_t digits = 4;
    std::uint32_t unit = 0;
    if (text.size() < digits)
        return std::nullopt;
    const char* const end = text.data() + digits;
    const auto [last, ec] = std::from_chars(text.data(), end, unit, 16);
    if (ec != std::errc() || last != end)
        return std::nullopt;
    text.remove_prefix(digits);
    return unit;
}

// What follows "\u": four digits, or a pair of surrogates.
std::optional<std::uint32_t> take_code_point(std::string_view& text) noexcept
{
    const std::optional<std::uint32_t> first = take_code_unit(text);
    if (!first || *first < 0xD800 || *first > 0xDFFF)
        return first;
    if (*first > 0xDBFF || !text.starts_with("\\u"))
        return std::nullopt;
    text.remove_prefix(2);
    const std::optional<std::uint32_t> second = take_code_unit(text);
    if (!second || *second < 0xDC00 || *second > 0xDFFF)
        return std::nullopt;
    return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
}

void append_utf8(std::uint32_t point, std::string& to)
{
    const auto continuation = [point](unsigned shift) { return static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
    if (point < 0x80) {
        to += static_cast<char>(point);
    }
    else if (point < 0x800) {
        to += static_cast<char>(0xC0 | (point >> 6));
        to += continuation(0);
    }
    else if (point < 0x10000) {
        to += static_cast<char>(0xE0 | (point >> 12));
        to += continuation(6);
        to += continuation(0);
    }
    else {
        to += static_cast<char>(0xF0 | (point >> 18));
        to += continuation(12);
        to += continuation(6);
        to += continuation(0);
    }
}

// Takes what follows a backslash.
bool take_escape(std::string_view& text, std::string& to)
{
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view values = "\"\\/\b\f\n\r\t";
    if (text.empty())
        return false;
    const char name = text.front();
    text.remove_prefix(1);
    if (name == 'u') {
        const std::optional<std::uint32_t> point = take_code_point(text);
        if (point)
            append_utf8(*point, to);
        return point.has_value();
    }
    const std::size_t found = names.find(name);
    if (found == std::string_view::npos)
        return false;
    to += values[found];
    return true;
}

}  // namespace

json_string leading_json_string(std::string_view text) noexcept
{
    if (!text.starts_with('"'))
        return {};
    bool ascii = true;
    bool plain = true;
    for (std::size_t i = 1;; ++i) {
        if (i < text.size())
            i = skip_plain(text, i);
        if (i >= text.size())
            return {};
        const byte_kind kind = kind_of_byte(text[i]);
        if (kind == byte_kind::quote) {
            plain = plain && (ascii || support::is_utf8(text.substr(1, i - 1)));
            return {.quoted = text.substr(0, i + 1), .plain = plain};
        }
        ascii = ascii && kind != byte_kind::not_ascii;
        plain = plain && kind == byte_kind::not_ascii;
        if (kind == byte_kind::escape)
            ++i;
    }
}

bool read_json_string(const json_string& from, std::string& to)
{
    std::string_view rest = from.quoted.substr(1, from.quoted.size() - 2);
    to.clear();  // appending is cheaper than assigning
    if (from.plain) {
        to.append(rest);
        return true;
    }
    while (!rest.empty()) {
        std::size_t count = 0;
        while (count < rest.size() && kind_of_byte(rest[count]) <= byte_kind::not_ascii)
            ++count;
        to.append(rest.substr(0, count));
        rest.remove_prefix(count);
        if (rest.empty())
            break;
        if (kind_of_byte(rest.front()) != byte_kind::escape)
            return false;
        rest.remove_prefix(1);
        if (!take_escape(rest, to))
            return false;
    }
    return support::is_utf8(from.quoted);
}

}  // namespace dedalus::codec
