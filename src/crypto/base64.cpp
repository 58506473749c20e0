#include "crypto/base64.hpp"

#include "crypto/openssl_bytes.hpp"

#include <openssl/evp.h>

#include <cstddef>
#include <stdexcept>

namespace dedalus::crypto {

namespace {

// OpenSSL counts in int.
constexpr std::size_t max_base64_bytes = std::size_t{1} << 30U;

constexpr std::size_t bytes_of_group = 3;
constexpr std::size_t characters_of_group = 4;

}  // namespace

std::string base64_encode(std::string_view bytes)
{
    if (bytes.size() > max_base64_bytes)
        throw std::length_error("too large for base64");
    std::string text(
        (bytes.size() + bytes_of_group - 1) / bytes_of_group * characters_of_group + 1, '\0'
    );  // and a NUL
    const int size = EVP_EncodeBlock(data_of(text), data_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::optional<std::string> base64_decode(std::string_view text)
{
    if (text.size() % characters_of_group != 0 || text.size() > max_base64_bytes)
        return std::nullopt;
    std::string bytes(text.size() / characters_of_group * bytes_of_group, '\0');
    if (EVP_DecodeBlock(data_of(bytes), data_of(text), static_cast<int>(text.size())) < 0)
        return std::nullopt;
    const std::size_t last = text.find_last_not_of('=') + 1;
    const std::size_t padding = text.size() - last;
    if (padding >= bytes_of_group)
        return std::nullopt;
    bytes.resize(bytes.size() - padding);
    // One spelling for each value. OpenSSL skips white space, and takes padding and unused bits as they are.
    if (base64_encode(bytes) != text)
        return std::nullopt;
    return bytes;
}

}  // namespace dedalus::crypto
