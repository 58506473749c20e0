#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

/// What export and import of a run have in common.
namespace dedalus::handoff_core {

/// What stands beside the members of a head.
inline constexpr std::array<std::string_view, 7> members_beside_head = {
    "log",
    "calls",
    "inbox",
    "late",
    "call_waits",
    "open_calls",
    "blobs",
};

/// What stands beside the members of a call record's body.
inline constexpr std::array<std::string_view, 5> members_beside_record = {
    "attempt",
    "fence",
    "at",
    "crc32c",
    "abandoned",
};

inline std::string to_hex(std::uint32_t value)
{
    char text[9];
    std::snprintf(text, sizeof(text), "%08x", value);
    return text;
}

inline std::optional<std::uint32_t> from_hex(std::string_view text)
{
    std::uint32_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() != 8 || failure != std::errc() || end != text.data() + text.size())
        return {};
    return value;
}

}  // namespace dedalus::handoff_core
