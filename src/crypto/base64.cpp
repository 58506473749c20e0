#include "crypto/base64.hpp"

#include "crypto/base64url.hpp"

#include <algorithm>

namespace dedalus::crypto {

namespace {

constexpr std::size_t group_characters = 4;

}  // namespace

std::string base64_encode(std::string_view bytes)
{
    std::string text = base64url_encode(bytes);
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    text.append((group_characters - text.size() % group_characters) % group_characters, '=');
    return text;
}

std::optional<std::string> base64_decode(std::string_view text)
{
    std::string unpadded(text.substr(0, text.find('=')));
    std::replace(unpadded.begin(), unpadded.end(), '+', '-');
    std::replace(unpadded.begin(), unpadded.end(), '/', '_');
    std::optional<std::string> bytes = base64url_decode(unpadded);
    // One spelling for each value: padding, alphabet and unused bits are compared at once.
    if (!bytes || base64_encode(*bytes) != text)
        return std::nullopt;
    return bytes;
}

}  // namespace dedalus::crypto
