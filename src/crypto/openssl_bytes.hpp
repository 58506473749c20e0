#pragma once

#include <string>
#include <string_view>

namespace dedalus::crypto {

/// The bytes of a text in the type that OpenSSL counts them in.
inline const unsigned char* data_of(std::string_view text) noexcept
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

inline unsigned char* data_of(std::string& text) noexcept
{
    return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace dedalus::crypto
