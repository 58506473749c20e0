#include "crypto/hmac.hpp"

#include "crypto/openssl_bytes.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <new>

namespace dedalus::crypto {

std::string hmac_sha256(std::string_view key, std::string_view message)
{
    std::string tag(SHA256_DIGEST_LENGTH, '\0');
    // As with a digest, only memory can be missing.
    if (HMAC(
            EVP_sha256(),
            key.data(),
            static_cast<int>(key.size()),
            data_of(message),
            message.size(),
            data_of(tag),
            nullptr
        ) == nullptr)
        throw std::bad_alloc();
    return tag;
}

}  // namespace dedalus::crypto
