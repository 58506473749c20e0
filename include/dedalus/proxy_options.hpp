#pragma once

#include <optional>
#include <string>

namespace dedalus {

/// The HTTP proxy on the way to the server. For https a tunnel is opened through it (CONNECT), and TLS is spoken with
/// the server itself: the proxy sees its name and port. For http it forwards the requests, and sees them. A proxy that
/// is spoken to over TLS is verified as a server is, with client_options::tls, but gets no client certificate.
///
/// A proxy that cannot be used is a config_error that names the option or the variable. Its refusals are proxy_error.
/// Its user name and password are sent to it alone, and stand in no error.
struct proxy_options
{
    /// `[http[s]://][user[:password]@]host[:port]`; without port it is 80, or 443 with https, which means TLS to the
    /// proxy; user and password percent-encoded. Empty: no proxy, whatever the environment says.
    ///
    /// Not given: the environment. For an https server https_proxy or HTTPS_PROXY, for an http one http_proxy (only in
    /// lower case: a CGI program has HTTP_PROXY from whoever sends it a header `Proxy`), for both then all_proxy or
    /// ALL_PROXY; lower case wins. The proxy of the environment is not asked for localhost and loopback addresses.
    std::optional<std::string> url{};

    /// Servers that are reached without proxy, separated by commas: `example.com` (and what is below it, as with
    /// `.example.com` and `*.example.com`), `example.com:8443`, `10.0.0.1`, `10.0.0.0/8`, `[::1]:443`, `fd00::/8`, or
    /// `*` for all. Names are not resolved for this. Not given: no_proxy or NO_PROXY for a proxy of the environment,
    /// nothing for the one in `url`.
    std::optional<std::string> no_proxy{};
};

}  // namespace dedalus
