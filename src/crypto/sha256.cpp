#include "crypto/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <new>

namespace dedalus::crypto {

namespace {

// A built-in digest fails only for want of memory.
void require_done(int result)
{
    if (result != 1)
        throw std::bad_alloc();
}

std::string hex_of(const unsigned char* digest, unsigned int size)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(std::size_t{2} * size);
    for (unsigned int i = 0; i < size; ++i) {
        text += digits[digest[i] >> 4U];
        text += digits[digest[i] & 0x0fU];
    }
    return text;
}

}  // namespace

std::string sha256_hex(std::string_view bytes)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    require_done(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr));
    return hex_of(digest.data(), size);
}

sha256_stream::sha256_stream() : context_(EVP_MD_CTX_new())
{
    require_done(context_ ? EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) : 0);
}

sha256_stream::sha256_stream(const sha256_stream& other) : context_(EVP_MD_CTX_new())
{
    require_done(context_ ? EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) : 0);
}

sha256_stream& sha256_stream::operator=(const sha256_stream& other)
{
    return *this = sha256_stream(other);
}

void sha256_stream::add(std::string_view bytes)
{
    require_done(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string sha256_stream::finish_hex()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    require_done(EVP_DigestFinal_ex(context_.get(), digest.data(), &size));
    return hex_of(digest.data(), size);
}

void sha256_stream::deleter::operator()(evp_md_ctx_st* context) const noexcept
{
    EVP_MD_CTX_free(context);
}

}  // namespace dedalus::crypto
