#include "protocol/log_line.hpp"

#include "support/ascii.hpp"

#include <algorithm>

namespace dedalus::protocol {

namespace {

constexpr log_level levels[] = {log_level::off, log_level::error, log_level::warn, log_level::info, log_level::debug};

bool is_plain(std::string_view value)
{
    constexpr std::string_view marks = "-_.:/<>?&+,;@%";
    return !value.empty() && std::all_of(value.begin(), value.end(), [marks](char c) {
        return support::ascii_is_alnum(c) || marks.find(c) != std::string_view::npos;
    });
}

void append_escaped(std::string& line, char c)
{
    constexpr std::string_view digits = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
        line.append(1, '\\').append(1, c);
    else if (code < 0x20 || code == 0x7f)
        line.append("\\x").append(1, digits[code >> 4U]).append(1, digits[code & 0xfU]);
    else
        line += c;
}

}  // namespace

std::string log_line(log_level level, std::string_view event, std::span<const log_field> fields)
{
    std::string line("dedalus ");
    line.append(to_string(level)).append(" ").append(event);
    for (const log_field& field : fields) {
        line.append(" ").append(field.name).append("=");
        if (is_plain(field.value)) {
            line += field.value;
            continue;
        }
        line += '"';
        for (const char c : field.value)
            append_escaped(line, c);
        line += '"';
    }
    return line += '\n';
}

std::optional<log_level> parse_log_level(std::string_view name) noexcept
{
    for (const log_level level : levels)
        if (support::ascii_iequals(name, to_string(level)))
            return level;
    return std::nullopt;
}

}  // namespace dedalus::protocol
