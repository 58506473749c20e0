#include "protocol/no_proxy.hpp"

#include "support/ascii.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace dedalus::protocol {

namespace urls = boost::urls;

namespace {

using address_bytes = std::vector<unsigned char>;

/// Empty when the text is not an address.
address_bytes parse_address(std::string_view text)
{
    const boost::core::string_view view(text.data(), text.size());
    if (const auto v4 = urls::parse_ipv4_address(view)) {
        const auto bytes = v4->to_bytes();
        return {bytes.begin(), bytes.end()};
    }
    if (const auto v6 = urls::parse_ipv6_address(view)) {
        const auto bytes = v6->to_bytes();
        return {bytes.begin(), bytes.end()};
    }
    return {};
}

std::optional<unsigned> number(std::string_view text)
{
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, ec] = std::from_chars(text.data(), end, value);
    if (ec != std::errc() || stop != end)
        return std::nullopt;
    return value;
}

bool same_network(const address_bytes& a, const address_bytes& b, unsigned bits)
{
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size() && bits > 0; ++i) {
        const unsigned used = std::min(bits, 8U);
        if ((a[i] ^ b[i]) >> (8 - used) != 0)
            return false;
        bits -= used;
    }
    return true;
}

bool is_or_is_below(std::string_view host, std::string_view domain)
{
    if (host.size() <= domain.size())
        return host == domain;
    return host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.';
}

std::string_view without_final_dot(std::string_view host)
{
    return host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
}

/// Takes `:port` from the end of an entry that is not a bare IPv6 address.
std::string_view take_port(std::string_view& text)
{
    const std::size_t colon = text.rfind(':');
    const bool bare_ipv6 = !text.starts_with('[') && text.find(':') != colon;
    if (colon == std::string_view::npos || bare_ipv6 || text.ends_with(']'))
        return {};
    const std::string_view port = text.substr(colon + 1);
    text = text.substr(0, colon);
    return port;
}

}  // namespace

no_proxy_list::no_proxy_list(std::string_view text)
{
    constexpr std::string_view separators = ", \t\r\n";
    while (true) {
        const std::size_t begin = text.find_first_not_of(separators);
        if (begin == std::string_view::npos)
            return;
        text.remove_prefix(begin);
        const std::size_t end = std::min(text.find_first_of(separators), text.size());
        add(text.substr(0, end));
        text.remove_prefix(end);
    }
}

void no_proxy_list::add(std::string_view text)
{
    entry made;
    made.port = take_port(text);
    if (text == "*") {
        entries_.push_back(std::move(made));
        return;
    }
    const std::size_t slash = text.find('/');
    std::string_view host = text.substr(0, slash);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    made.address = parse_address(host);
    if (!made.address.empty()) {
        const auto longest = static_cast<unsigned>(made.address.size() * 8);
        const auto bits = slash == std::string_view::npos ? longest : number(text.substr(slash + 1));
        if (bits && *bits <= longest) {
            made.prefix_bits = *bits;
            entries_.push_back(std::move(made));
        }
        return;
    }
    if (host.starts_with("*."))
        host.remove_prefix(1);
    if (host.starts_with('.'))
        host.remove_prefix(1);
    host = without_final_dot(host);
    if (host.empty() || slash != std::string_view::npos)
        return;
    std::transform(host.begin(), host.end(), std::back_inserter(made.name), support::ascii_lower);
    entries_.push_back(std::move(made));
}

bool no_proxy_list::matches(std::string_view host, std::string_view port) const
{
    const address_bytes address = parse_address(host);
    return std::any_of(entries_.begin(), entries_.end(), [&](const entry& each) {
        return (each.port.empty() || each.port == port) && matches(each, without_final_dot(host), address);
    });
}

bool no_proxy_list::matches(const entry& each, std::string_view host, const address_bytes& address)
{
    if (!each.address.empty())
        return same_network(each.address, address, each.prefix_bits);
    if (each.name.empty())
        return true;
    // "example" is a domain, and no suffix of an address.
    return address.empty() && is_or_is_below(host, each.name);
}

bool is_loopback(std::string_view host)
{
    static const no_proxy_list loopback("localhost,127.0.0.0/8,::1");
    return loopback.matches(host, {});
}

}  // namespace dedalus::protocol
