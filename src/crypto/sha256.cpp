#include "crypto/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <new>

namespace dedalus::crypto {

std::string sha256_hex(std::string_view bytes)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    // The one-shot digest of a built-in algorithm fails only for want of memory.
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc();

    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(std::size_t{2} * size);
    for (unsigned int i = 0; i < size; ++i) {
        text += digits[digest[i] >> 4U];
        text += digits[digest[i] & 0x0fU];
    }
    return text;
}

}  // namespace dedalus::crypto
