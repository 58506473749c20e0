#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dedalus::crypto {

/// Base64url without padding (RFC 4648, section 5). At most 1 GiB.
std::string base64url_encode(std::string_view bytes);

/// The bytes of such a text. Nothing for a text that base64url_encode() would not have made.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace dedalus::crypto
