#pragma once

#include <string>
#include <string_view>

namespace dedalus::protocol {

/// Where the API is.
struct base_url
{
    std::string scheme;       ///< "http" or "https"
    std::string host;         ///< lower case; an IPv6 address without its brackets
    std::string port;         ///< decimal, "80" or "443" when the URL names none
    std::string path_prefix;  ///< "" or "/…" without a slash at its end

    bool tls() const { return scheme == "https"; }

    /// The path of `endpoint`, which begins with a slash, under the prefix. A prefix that ends in `/v1` and an endpoint
    /// that begins with `/v1/` share it.
    std::string target(std::string_view endpoint) const;

    /// For `Host`: an IPv6 address in brackets, and the port only when it is not that of the scheme.
    std::string authority() const;

    bool operator==(const base_url&) const = default;
};

/// Throws config_error, which says what is wrong with the URL of this name and quotes nothing of it: it may hold a
/// password.
base_url parse_base_url(std::string_view url, std::string_view name = "base URL");

}  // namespace dedalus::protocol
