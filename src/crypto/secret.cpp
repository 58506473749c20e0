#include "crypto/secret.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <new>
#include <utility>

namespace dedalus::crypto {

void cleanse(void* memory, std::size_t bytes) noexcept
{
    OPENSSL_cleanse(memory, bytes);
}

bool same_secret(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

secret_text::~secret_text()
{
    wipe();
}

// A moved short string leaves its characters in the object that it was moved from.
secret_text::secret_text(secret_text&& other) noexcept
{
    text_.swap(other.text_);
    other.wipe();
}

secret_text& secret_text::operator=(secret_text&& other) noexcept
{
    if (this != &other) {
        wipe();
        text_.swap(other.text_);
        other.wipe();
    }
    return *this;
}

// std::string would give the old buffer back as it is when it grows.
void secret_text::append(std::string_view more)
{
    const std::size_t size = text_.size() + more.size();
    if (size > text_.capacity()) {
        std::string larger;
        larger.reserve(std::max(size, 2 * text_.capacity()));
        larger = text_;
        wipe();
        text_.swap(larger);
    }
    text_.append(more);
}

void secret_text::wipe() noexcept
{
    text_.resize(text_.capacity());  // does not allocate
    cleanse(text_.data(), text_.size());
    text_.clear();
}

void* cleansing_resource::do_allocate(std::size_t bytes, std::size_t alignment)
{
    return ::operator new(bytes, std::align_val_t(alignment));
}

void cleansing_resource::do_deallocate(void* memory, std::size_t bytes, std::size_t alignment)
{
    cleanse(memory, bytes);
    ::operator delete(memory, std::align_val_t(alignment));
}

}  // namespace dedalus::crypto
