#include "testing/credential_opener.hpp"

#include <boost/json/array.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

constexpr unsigned key_bits = 2048;
constexpr std::size_t wrapped_key_bytes = key_bits / 8;
constexpr std::size_t aes_key_bytes = 32;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

using bytes = std::vector<unsigned char>;

template <class T, auto Free>
struct openssl_free
{
    void operator()(T* object) const noexcept { Free(object); }
};

template <class T, auto Free>
using owned = std::unique_ptr<T, openssl_free<T, Free>>;

void demand(bool ok, const char* what)
{
    if (ok)
        return;
    ERR_clear_error();
    throw std::invalid_argument(std::string("The credential cannot be opened: ") + what);
}

std::string base64url(const bytes& data)
{
    bytes encoded(data.size() * 2 + 4);
    const int size = EVP_EncodeBlock(encoded.data(), data.data(), static_cast<int>(data.size()));
    std::string text(encoded.begin(), encoded.begin() + size);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.resize(text.find_last_not_of('=') + 1);
    return text;
}

bytes from_base64url(std::string_view text)
{
    demand(text.find_first_of("+/=") == std::string_view::npos, "not base64url without padding");
    std::string standard(text);
    std::replace(standard.begin(), standard.end(), '-', '+');
    std::replace(standard.begin(), standard.end(), '_', '/');
    const std::size_t padding = (4 - standard.size() % 4) % 4;
    standard.append(padding, '=');
    bytes data(standard.size());
    const int size = EVP_DecodeBlock(
        data.data(), reinterpret_cast<const unsigned char*>(standard.data()), static_cast<int>(standard.size())
    );
    demand(size >= 0 && padding < 3, "not base64url without padding");
    data.resize(static_cast<std::size_t>(size) - padding);
    return data;
}

std::string number_of(EVP_PKEY* key, const char* name)
{
    BIGNUM* value = nullptr;
    demand(EVP_PKEY_get_bn_param(key, name, &value) == 1, "no key");
    const owned<BIGNUM, &BN_free> number(value);
    bytes data(static_cast<std::size_t>(BN_num_bytes(value)));
    BN_bn2bin(value, data.data());
    return base64url(data);
}

bytes unwrap(EVP_PKEY* key, const unsigned char* wrapped)
{
    const owned<EVP_PKEY_CTX, &EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new(key, nullptr));
    demand(context && EVP_PKEY_decrypt_init(context.get()) == 1, "no RSA");
    demand(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1, "no OAEP");
    demand(EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) == 1, "no SHA-256");
    demand(EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) == 1, "no SHA-256");
    std::size_t size = wrapped_key_bytes;
    bytes plain(size);
    demand(EVP_PKEY_decrypt(context.get(), plain.data(), &size, wrapped, wrapped_key_bytes) == 1, "wrong key");
    demand(size == aes_key_bytes, "the AES key has another length");
    plain.resize(size);
    return plain;
}

std::string decrypt(const bytes& key, const unsigned char* nonce, bytes sealed)
{
    const owned<EVP_CIPHER_CTX, &EVP_CIPHER_CTX_free> context(EVP_CIPHER_CTX_new());
    demand(context && EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), key.data(), nonce, nullptr) == 1, "no AES");
    const std::size_t text_bytes = sealed.size() - tag_bytes;
    bytes text(text_bytes + 1);
    int size = 0;
    demand(
        EVP_DecryptUpdate(context.get(), text.data(), &size, sealed.data(), static_cast<int>(text_bytes)) == 1, "AES"
    );
    demand(
        EVP_CIPHER_CTX_ctrl(
            context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_bytes), sealed.data() + text_bytes
        ) == 1,
        "AES"
    );
    int rest = 0;
    demand(EVP_DecryptFinal_ex(context.get(), text.data() + size, &rest) == 1, "it was changed");
    return {text.begin(), text.begin() + size + rest};
}

}  // namespace

json::object credential_opener::key_set()
{
    const std::lock_guard lock(mutex_);
    json::object public_key{
        {"kty", "RSA"},
        {"use", "enc"},
        {"alg", "RSA-OAEP-256"},
        {"kid", "dedalus-testserver"},
        {"n", number_of(key(), OSSL_PKEY_PARAM_RSA_N)},
        {"e", number_of(key(), OSSL_PKEY_PARAM_RSA_E)},
    };
    return {{"keys", json::array{std::move(public_key)}}};
}

std::string credential_opener::open(std::string_view sealed)
{
    const std::lock_guard lock(mutex_);
    const bytes envelope = from_base64url(sealed);
    demand(envelope.size() >= 1 + wrapped_key_bytes + nonce_bytes + tag_bytes, "it is too short");
    demand(envelope[0] == 1, "its version is not 1");
    const unsigned char* const wrapped = envelope.data() + 1;
    const unsigned char* const nonce = wrapped + wrapped_key_bytes;
    return decrypt(unwrap(key(), wrapped), nonce, bytes(nonce + nonce_bytes, envelope.data() + envelope.size()));
}

EVP_PKEY* credential_opener::key()
{
    if (!key_)
        key_.reset(EVP_RSA_gen(key_bits));
    demand(key_ != nullptr, "no key");
    return key_.get();
}

void credential_opener::deleter::operator()(EVP_PKEY* key) const noexcept
{
    EVP_PKEY_free(key);
}

}  // namespace dedalus::testing
