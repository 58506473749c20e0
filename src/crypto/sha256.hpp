#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace dedalus::crypto {

/// SHA-256 of the bytes, as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

/// A SHA-256 of bytes that come piece by piece. A copy goes on from the same bytes by itself.
class sha256_stream
{
public:
    sha256_stream();
    sha256_stream(const sha256_stream& other);
    sha256_stream(sha256_stream&&) = default;
    sha256_stream& operator=(const sha256_stream& other);
    sha256_stream& operator=(sha256_stream&&) = default;
    ~sha256_stream() = default;

    void add(std::string_view bytes);

    /// Of all bytes, as 64 lower-case hex digits. Nothing can be added any more.
    std::string finish_hex();

private:
    struct deleter
    {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };

    std::unique_ptr<evp_md_ctx_st, deleter> context_;
};

}  // namespace dedalus::crypto
