#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dedalus::crypto {

/// Two lower-case digits for each byte.
std::string hex_encode(std::string_view bytes);

/// The bytes of such a text; upper-case digits are taken, too. Nothing for any other text.
std::optional<std::string> hex_decode(std::string_view text);

}  // namespace dedalus::crypto
