#include "protocol/proxy_address.hpp"

#include <dedalus/error.hpp>

#include "protocol/base_url.hpp"
#include "support/ascii.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>

namespace dedalus::protocol {

namespace {

[[noreturn]] void refuse(std::string_view name, std::string_view what)
{
    throw config_error(std::string(name) + ": " + std::string(what));
}

int hex_value(char c)
{
    const char small = support::ascii_lower(c);
    if (support::ascii_is_digit(c))
        return c - '0';
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text, std::string_view name)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = high < 0 ? -1 : hex_value(text[i + 2]);
            if (low < 0)
                refuse(name, "a % in its user name or password is not followed by two hexadecimal digits");
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            refuse(name, "its user name or password holds a control character");
        result += c;
    }
    return result;
}

std::string base64(std::string_view bytes)
{
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    while (!bytes.empty()) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= bytes.size() ? digits[group >> (18 - 6 * i) & 0x3f] : '=';
        bytes.remove_prefix(bytes.size() < 3 ? bytes.size() : 3);
    }
    return text;
}

std::string basic_authorization(std::string_view user_and_password, std::string_view name)
{
    const std::size_t colon = user_and_password.find(':');
    const std::string user = percent_decoded(user_and_password.substr(0, colon), name);
    if (user.find(':') != std::string::npos)
        refuse(name, "its user name holds a colon, which Basic authentication cannot send");
    const std::string_view password =
        colon == std::string_view::npos ? std::string_view() : user_and_password.substr(colon + 1);
    return "Basic " + base64(user + ':' + percent_decoded(password, name));
}

}  // namespace

std::string proxy_address::authority() const
{
    return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(port);
}

proxy_address parse_proxy_url(std::string_view url, std::string_view name)
{
    const std::size_t scheme_end = url.find("://");
    const std::string_view scheme = scheme_end == std::string_view::npos ? "http" : url.substr(0, scheme_end);
    if (!support::ascii_iequals(scheme, "http") && !support::ascii_iequals(scheme, "https"))
        refuse(name, "only proxies with http:// or https:// are supported");
    std::string_view rest = scheme_end == std::string_view::npos ? url : url.substr(scheme_end + 3);

    proxy_address proxy;
    // A password that is not encoded may hold a slash or an @: the last @ counts.
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        if (at > 0)
            proxy.authorization = basic_authorization(rest.substr(0, at), name);
        rest.remove_prefix(at + 1);
    }
    const base_url address = parse_base_url(std::string(scheme) + "://" + std::string(rest), name);
    if (!address.path_prefix.empty())
        refuse(name, "it must not have a path");
    proxy.host = address.host;
    proxy.tls = address.tls();
    std::from_chars(address.port.data(), address.port.data() + address.port.size(), proxy.port);
    return proxy;
}

}  // namespace dedalus::protocol
