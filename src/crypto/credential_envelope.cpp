#include "crypto/credential_envelope.hpp"

#include "crypto/aes_gcm.hpp"
#include "crypto/base64url.hpp"
#include "crypto/openssl_bytes.hpp"
#include "crypto/openssl_call.hpp"
#include "crypto/secret.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <array>

namespace dedalus::crypto {

namespace {

constexpr char envelope_version = '\x01';

// Exponents in use have 17 bits; large ones make the public operation as slow as the private one.
constexpr int max_exponent_bits = 64;

using number = handle<BIGNUM, &BN_free>;
using parameter_builder = handle<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free>;
using parameters = handle<OSSL_PARAM, &OSSL_PARAM_free>;
using key_context = handle<EVP_PKEY_CTX, &EVP_PKEY_CTX_free>;

number to_number(const std::string& bytes)
{
    constexpr std::size_t longest = 4096;
    if (bytes.size() > longest)
        throw key_error("its RSA key is too large");
    number result(BN_bin2bn(data_of(std::string_view(bytes)), static_cast<int>(bytes.size()), nullptr));
    require(result != nullptr);
    return result;
}

void check_size(const BIGNUM* modulus, const BIGNUM* exponent)
{
    if (BN_num_bits(modulus) < credential_sealer::min_modulus_bits)
        throw key_error("its RSA key is shorter than 2048 bits");
    if (BN_num_bits(modulus) > credential_sealer::max_modulus_bits || BN_num_bits(exponent) > max_exponent_bits)
        throw key_error("its RSA key is too large");
}

/// An AES key that lives as long as one envelope is made.
struct aes_key
{
    aes_key() { require(RAND_priv_bytes(bytes.data(), aes_key_bytes) == 1); }

    ~aes_key() { cleanse(bytes.data(), bytes.size()); }

    aes_key(const aes_key&) = delete;
    aes_key& operator=(const aes_key&) = delete;

    std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

    std::array<unsigned char, aes_key_bytes> bytes{};
};

std::string wrap(EVP_PKEY* recipient, const aes_key& key)
{
    const key_context context(EVP_PKEY_CTX_new_from_pkey(nullptr, recipient, nullptr));
    require(context != nullptr && EVP_PKEY_encrypt_init(context.get()) == 1);
    require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1);
    require(EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) == 1);
    require(EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) == 1);
    std::size_t size = 0;
    require(EVP_PKEY_encrypt(context.get(), nullptr, &size, key.bytes.data(), key.bytes.size()) == 1);
    std::string wrapped(size, '\0');
    require(EVP_PKEY_encrypt(context.get(), data_of(wrapped), &size, key.bytes.data(), key.bytes.size()) == 1);
    wrapped.resize(size);
    return wrapped;
}

}  // namespace

credential_sealer::credential_sealer(const rsa_public_key& recipient)
{
    const clean_error_queue errors;
    const number modulus = to_number(recipient.modulus);
    const number exponent = to_number(recipient.exponent);
    check_size(modulus.get(), exponent.get());

    const parameter_builder builder(OSSL_PARAM_BLD_new());
    require(builder != nullptr);
    require(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1);
    require(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
    const parameters values(OSSL_PARAM_BLD_to_param(builder.get()));
    const key_context maker(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    require(values != nullptr && maker != nullptr && EVP_PKEY_fromdata_init(maker.get()) == 1);
    EVP_PKEY* key = nullptr;
    require(EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_PUBLIC_KEY, values.get()) == 1);
    key_.reset(key);

    const key_context checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    require(checker != nullptr);
    if (EVP_PKEY_public_check(checker.get()) != 1)
        throw key_error("its RSA key is not valid");
}

std::string credential_sealer::seal(std::string_view plaintext) const
{
    if (plaintext.size() > max_plaintext_bytes)
        throw std::length_error("too large for a credential");
    const clean_error_queue errors;
    const aes_key key;
    std::string envelope(1, envelope_version);
    envelope += wrap(key_.get(), key);
    envelope += gcm_seal(key.view(), plaintext, "");
    return base64url_encode(envelope);
}

void credential_sealer::deleter::operator()(evp_pkey_st* key) const noexcept
{
    EVP_PKEY_free(key);
}

}  // namespace dedalus::crypto
