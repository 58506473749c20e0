#include "crypto/base64url.hpp"

#include "crypto/base64.hpp"

#include <algorithm>

namespace dedalus::crypto {

std::string base64url_encode(std::string_view bytes)
{
    std::string text = base64_encode(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::min(text.find('='), text.size()));
    return text;
}

std::optional<std::string> base64url_decode(std::string_view text)
{
    if (text.find_first_of("+/=") != std::string_view::npos)
        return std::nullopt;
    std::string padded(text);
    std::replace(padded.begin(), padded.end(), '-', '+');
    std::replace(padded.begin(), padded.end(), '_', '/');
    while (padded.size() % 4 != 0)  // groups of four characters
        padded += '=';
    return base64_decode(padded);
}

}  // namespace dedalus::crypto
