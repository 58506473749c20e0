#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dedalus::crypto {

inline constexpr std::size_t aes_key_bytes = 32;
inline constexpr std::size_t gcm_nonce_bytes = 12;
inline constexpr std::size_t gcm_tag_bytes = 16;

/// Encrypts at most 1 GiB with AES-256-GCM: nonce, ciphertext and tag. The nonce is random, so a key is good for 2^32
/// texts (NIST SP 800-38D). `bound` is authenticated and not part of the result. Throws config_error when OpenSSL
/// refuses, as one without the algorithm does.
std::string gcm_seal(std::string_view key, std::string_view plaintext, std::string_view bound);

/// The plaintext. Nothing for what gcm_seal() did not make with this key and `bound`. Throws likewise.
std::optional<std::string> gcm_open(std::string_view key, std::string_view sealed, std::string_view bound);

}  // namespace dedalus::crypto
