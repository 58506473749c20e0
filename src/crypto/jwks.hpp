#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace dedalus::crypto {

/// A key or a set of keys cannot be used. what() quotes nothing of it.
class key_error : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/// An RSA public key as a JWK has it: unsigned, big-endian.
struct rsa_public_key
{
    std::string modulus;
    std::string exponent;

    bool operator==(const rsa_public_key&) const = default;
};

/// The key of a JSON Web Key Set (RFC 7517) that is for encryption with RSA: `kty` "RSA", `use` "enc". Of several the
/// first whose `alg` is "RSA-OAEP-256", else the first without `alg`, else the first. Keys of other kinds are passed
/// over. Throws key_error.
rsa_public_key encryption_key(std::string_view key_set);

}  // namespace dedalus::crypto
