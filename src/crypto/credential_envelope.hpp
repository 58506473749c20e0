#pragma once

#include "crypto/jwks.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace dedalus::crypto {

/// Encrypts MCP credentials for the owner of an RSA key: envelope version 1. It is the byte 0x01, a random AES key
/// under RSA-OAEP (SHA-256, MGF1 with SHA-256) as long as the modulus, a nonce of 12 bytes, the AES-256-GCM ciphertext
/// and its tag of 16 bytes, all as base64url without padding. Any thread.
class credential_sealer
{
public:
    static constexpr int min_modulus_bits = 2048;
    static constexpr int max_modulus_bits = 8192;
    static constexpr std::size_t max_plaintext_bytes = std::size_t{64} * 1024;

    /// Throws key_error for a key that is too short, too long or no RSA key at all.
    explicit credential_sealer(const rsa_public_key& recipient);

    /// The envelope of a text of at most max_plaintext_bytes; another one each time. Throws config_error when OpenSSL
    /// refuses, as one without these algorithms does.
    std::string seal(std::string_view plaintext) const;

private:
    struct deleter
    {
        void operator()(evp_pkey_st* key) const noexcept;
    };

    std::unique_ptr<evp_pkey_st, deleter> key_;
};

}  // namespace dedalus::crypto
