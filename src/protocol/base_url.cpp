#include "protocol/base_url.hpp"

#include <dedalus/error.hpp>

#include "support/ascii.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <cstddef>

namespace dedalus::protocol {

namespace urls = boost::urls;

namespace {

constexpr std::string_view version_segment = "/v1";
constexpr unsigned max_port = 65535;

/// What is wrong with a URL; parse_base_url() knows what the URL is called.
struct refusal
{
    const char* what;
};

[[noreturn]] void refuse(const char* what)
{
    throw refusal{what};
}

std::string_view default_port(std::string_view scheme)
{
    return scheme == "https" ? "443" : "80";
}

std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), support::ascii_lower);
    return result;
}

// Names what the grammar of the parser would only call a syntax error.
void check_characters(std::string_view url)
{
    if (url.empty())
        refuse("it is empty");
    for (const char c : url) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == ' ')
            refuse("it contains a space");
        if (byte < 0x20 || byte == 0x7f)
            refuse("it contains a control character");
        if (byte >= 0x80)
            refuse("it contains a character outside ASCII");
    }
}

std::string checked_scheme(std::string_view url)
{
    const std::size_t end = url.find("://");
    const std::string scheme = lower(url.substr(0, end));
    if (end == std::string_view::npos || (scheme != "http" && scheme != "https"))
        refuse("it must begin with http:// or https://");
    return scheme;
}

// The parser refuses a port that is not a number together with the rest of the URL, so it is looked at before.
void check_port(std::string_view url)
{
    const std::string_view after_scheme = url.substr(url.find("://") + 3);
    const std::string_view authority = after_scheme.substr(0, after_scheme.find_first_of("/?#"));
    const std::string_view host_and_port = authority.substr(authority.rfind('@') + 1);
    const std::size_t colon = host_and_port.find(':', host_and_port.starts_with('[') ? host_and_port.find(']') : 0);
    if (colon == std::string_view::npos)
        return;
    const std::string_view port = host_and_port.substr(colon + 1);
    unsigned value = 0;
    for (const char c : port) {
        if (!support::ascii_is_digit(c))
            refuse("its port is not a number");
        value = std::min(value * 10 + static_cast<unsigned>(c - '0'), max_port + 1);
    }
    if (!port.empty() && (value == 0 || value > max_port))
        refuse("its port is not between 1 and 65535");
}

std::string checked_host(const urls::url_view& parsed)
{
    switch (parsed.host_type()) {
    case urls::host_type::ipv4:
    case urls::host_type::ipv6:
        return lower(parsed.host_address());
    case urls::host_type::name:
        break;
    case urls::host_type::none:
    case urls::host_type::ipvfuture:
        refuse("its host is not a name or an IP address");
    }
    const auto encoded = parsed.encoded_host();
    const std::string_view host(encoded.data(), encoded.size());
    if (host.empty())
        refuse("it has no host");
    const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
        return support::ascii_is_alnum(c) || c == '-' || c == '.' || c == '_';
    });
    if (!plain)
        refuse("its host is not a name or an IP address");
    return lower(host);
}

base_url parse(std::string_view url)
{
    check_characters(url);
    base_url result;
    result.scheme = checked_scheme(url);
    check_port(url);
    const auto parsed = urls::parse_uri({url.data(), url.size()});
    if (parsed.has_error())
        refuse("it is not a valid URL");
    if (parsed->has_userinfo())
        refuse("it must not contain a user name or password");
    if (parsed->has_query())
        refuse("it must not have a query");
    if (parsed->has_fragment())
        refuse("it must not have a fragment");
    result.host = checked_host(*parsed);
    const auto port = parsed->port();
    result.port = port.empty() ? std::string(default_port(result.scheme)) : std::string(port.data(), port.size());
    result.port.erase(0, result.port.find_first_not_of('0'));
    const auto path = parsed->encoded_path();
    // Of 10.0.0.1.test the parser takes 10.0.0.1 for the host and the rest for the path.
    if (!path.empty() && !path.starts_with('/'))
        refuse("its host begins like an IP address, but is none");
    result.path_prefix.assign(path.data(), path.size());
    while (result.path_prefix.ends_with('/'))
        result.path_prefix.pop_back();
    return result;
}

}  // namespace

std::string base_url::target(std::string_view endpoint) const
{
    std::string_view prefix = path_prefix;
    if (prefix.ends_with(version_segment) && endpoint.starts_with("/v1/"))
        prefix.remove_suffix(version_segment.size());
    std::string result(prefix);
    result += endpoint;
    return result;
}

std::string base_url::authority() const
{
    std::string result = host.find(':') == std::string::npos ? host : '[' + host + ']';
    if (port != default_port(scheme))
        result += ':' + port;
    return result;
}

base_url parse_base_url(std::string_view url, std::string_view name)
{
    try {
        return parse(url);
    }
    catch (const refusal& e) {
        throw config_error(std::string(name) + ": " + e.what);
    }
}

}  // namespace dedalus::protocol
