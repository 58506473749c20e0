#include "testing/text_patterns.hpp"

#include <algorithm>
#include <cstddef>

namespace dedalus::testing {
namespace {

bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view text)
{
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
}

}  // namespace

bool is_identifier(std::string_view text)
{
    return text.size() <= 64 && is_name(text);
}

bool is_base64(std::string_view text)
{
    if (text.size() % 4 != 0)
        return false;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
        text.remove_suffix(1);
    return std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; });
}

bool is_date(std::string_view text)
{
    constexpr std::string_view shape = "0000-00-00";
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char expected) {
        return expected == '-' ? c == '-' : c >= '0' && c <= '9';
    });
}

bool is_slug(std::string_view text)
{
    const std::size_t slash = text.find('/');
    return slash != std::string_view::npos && is_name(text.substr(0, slash)) && is_name(text.substr(slash + 1));
}

bool is_http_url(std::string_view text)
{
    for (const std::string_view scheme : {"http://", "https://"})
        if (text.starts_with(scheme) && text.size() > scheme.size())
            return true;
    return false;
}

}  // namespace dedalus::testing
