#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dedalus::crypto {

/// Base64 with padding (RFC 4648, section 4). At most 1 GiB.
std::string base64_encode(std::string_view bytes);

/// The bytes of such a text. Nothing for a text that base64_encode() would not have made.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace dedalus::crypto
