#include "crypto/sha256.hpp"

#include "crypto/hex.hpp"
#include "crypto/openssl_bytes.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <new>

namespace dedalus::crypto {

namespace {

// A built-in digest fails only for want of memory.
void require_done(int result)
{
    if (result != 1)
        throw std::bad_alloc();
}

}  // namespace

std::string sha256_hex(std::string_view bytes)
{
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    require_done(EVP_Digest(bytes.data(), bytes.size(), data_of(digest), nullptr, EVP_sha256(), nullptr));
    return hex_encode(digest);
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
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    require_done(EVP_DigestFinal_ex(context_.get(), data_of(digest), nullptr));
    return hex_encode(digest);
}

void sha256_stream::deleter::operator()(evp_md_ctx_st* context) const noexcept
{
    EVP_MD_CTX_free(context);
}

}  // namespace dedalus::crypto
