#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dedalus::protocol {

/// An HTTP proxy.
struct proxy_address
{
    std::string host;  ///< lower case; an IPv6 address without its brackets
    std::uint16_t port = 0;
    std::string authorization;  ///< value of `Proxy-Authorization`, a secret; "" for none
    bool tls = false;           ///< whether it is spoken to over TLS

    /// host:port, for people and for pool keys.
    std::string authority() const;

    bool operator==(const proxy_address&) const = default;
};

/// Reads `[http[s]://][user[:password]@]host[:port][/]`; without port it is 80, or 443 with https; user and password
/// percent-encoded.
/// Throws config_error, which says what is wrong with the URL of this name and quotes nothing of it.
proxy_address parse_proxy_url(std::string_view url, std::string_view name);

}  // namespace dedalus::protocol
