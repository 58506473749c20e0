#pragma once

#include <cstddef>
#include <string_view>

namespace dedalus::support {

/// Whether the text is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
bool is_utf8(std::string_view text) noexcept;

/// The longest prefix of at most `max_bytes` bytes that does not end inside a character.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept;

}  // namespace dedalus::support
