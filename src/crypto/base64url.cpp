#include "crypto/base64url.hpp"

#include "crypto/openssl_bytes.hpp"
#include "support/ascii.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace dedalus::crypto {

namespace {

// OpenSSL counts in int.
constexpr std::size_t max_bytes = std::size_t{1} << 30U;

constexpr std::size_t group_bytes = 3;
constexpr std::size_t group_characters = 4;

}  // namespace

std::string base64url_encode(std::string_view bytes)
{
    if (bytes.size() > max_bytes)
        throw std::length_error("too large for base64url");
    std::string text((bytes.size() + group_bytes - 1) / group_bytes * group_characters + 1, '\0');  // and a final NUL
    const int size = EVP_EncodeBlock(data_of(text), data_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::min(text.find('='), text.size()));
    return text;
}

std::optional<std::string> base64url_decode(std::string_view text)
{
    const bool alphabet = std::all_of(text.begin(), text.end(), [](char c) {
        return support::ascii_is_alnum(c) || c == '-' || c == '_';
    });
    const std::size_t rest = text.size() % group_characters;
    if (!alphabet || rest == 1 || text.size() > max_bytes)
        return std::nullopt;
    const std::size_t padding = rest == 0 ? 0 : group_characters - rest;
    std::string padded = std::string(text).append(padding, '=');
    std::replace(padded.begin(), padded.end(), '-', '+');
    std::replace(padded.begin(), padded.end(), '_', '/');
    std::string bytes(padded.size() / group_characters * group_bytes, '\0');
    if (EVP_DecodeBlock(data_of(bytes), data_of(std::string_view(padded)), static_cast<int>(padded.size())) < 0)
        return std::nullopt;
    bytes.resize(bytes.size() - padding);
    return bytes;
}

}  // namespace dedalus::crypto
