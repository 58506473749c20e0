#include "crypto/aes_gcm.hpp"

#include "crypto/openssl_bytes.hpp"
#include "crypto/openssl_call.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdexcept>

namespace dedalus::crypto {

namespace {

constexpr std::size_t most_gcm_bytes = std::size_t{1024} * 1024 * 1024;

using gcm_context = handle<EVP_CIPHER_CTX, &EVP_CIPHER_CTX_free>;

/// A length as OpenSSL takes it.
int length_of(std::string_view bytes)
{
    if (bytes.size() > most_gcm_bytes)
        throw std::length_error("more than a text for AES-GCM has");
    return static_cast<int>(bytes.size());
}

void check_key(std::string_view key)
{
    if (key.size() != aes_key_bytes)
        throw std::invalid_argument("a key of AES-256 has 32 bytes");
}

gcm_context new_context()
{
    gcm_context context(EVP_CIPHER_CTX_new());
    require(context != nullptr);
    return context;
}

}  // namespace

std::string gcm_seal(std::string_view key, std::string_view plaintext, std::string_view bound)
{
    check_key(key);
    const clean_error_queue errors;
    const gcm_context context = new_context();
    std::string sealed(gcm_nonce_bytes + plaintext.size() + gcm_tag_bytes, '\0');
    unsigned char* const nonce = data_of(sealed);
    unsigned char* const ciphertext = nonce + gcm_nonce_bytes;
    int size = 0;
    require(RAND_bytes(nonce, static_cast<int>(gcm_nonce_bytes)) == 1);
    require(EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), data_of(key), nonce, nullptr) == 1);
    require(EVP_EncryptUpdate(context.get(), nullptr, &size, data_of(bound), length_of(bound)) == 1);
    require(EVP_EncryptUpdate(context.get(), ciphertext, &size, data_of(plaintext), length_of(plaintext)) == 1);
    require(EVP_EncryptFinal_ex(context.get(), ciphertext + size, &size) == 1);
    unsigned char* const tag = ciphertext + plaintext.size();
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(gcm_tag_bytes), tag) == 1);
    return sealed;
}

std::optional<std::string> gcm_open(std::string_view key, std::string_view sealed, std::string_view bound)
{
    check_key(key);
    if (sealed.size() < gcm_nonce_bytes + gcm_tag_bytes)
        return std::nullopt;
    const clean_error_queue errors;
    const gcm_context context = new_context();
    const std::string_view nonce = sealed.substr(0, gcm_nonce_bytes);
    const std::string_view ciphertext = sealed.substr(gcm_nonce_bytes, sealed.size() - gcm_nonce_bytes - gcm_tag_bytes);
    std::string tag(sealed.substr(sealed.size() - gcm_tag_bytes));
    std::string plaintext(ciphertext.size(), '\0');
    int size = 0;
    require(EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), data_of(key), data_of(nonce), nullptr) == 1);
    require(EVP_DecryptUpdate(context.get(), nullptr, &size, data_of(bound), length_of(bound)) == 1);
    require(
        EVP_DecryptUpdate(context.get(), data_of(plaintext), &size, data_of(ciphertext), length_of(ciphertext)) == 1
    );
    require(
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(gcm_tag_bytes), tag.data()) == 1
    );
    if (EVP_DecryptFinal_ex(context.get(), data_of(plaintext) + size, &size) != 1)
        return std::nullopt;
    return plaintext;
}

}  // namespace dedalus::crypto
