#include "crypto/sha256.hpp"

#include "crypto/hex.hpp"
#include "crypto/openssl_bytes.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <new>

namespace dedalus::crypto {

std::string sha256_hex(std::string_view bytes)
{
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    // The one-shot digest of a built-in algorithm fails only for want of memory.
    if (EVP_Digest(bytes.data(), bytes.size(), data_of(digest), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc();
    return hex_encode(digest);
}

}  // namespace dedalus::crypto
