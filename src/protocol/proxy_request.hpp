#pragma once

#include "protocol/base_url.hpp"
#include "protocol/http_response_reader.hpp"
#include "protocol/proxy_address.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace dedalus::protocol {

/// The request that asks for a tunnel to `host` (an IPv6 address without brackets) and `port`.
std::string tunnel_request(std::string_view host, std::string_view port, const proxy_address& proxy);

/// The head of a request to an http origin, made into one for the proxy that forwards it: with the whole URL, and with
/// the proxy's credentials. Precondition: `head` is complete and its target begins with a slash.
std::string forwarded_head(std::string_view head, const base_url& origin, const proxy_address& proxy);

/// Reads the proxy's answer to tunnel_request(). The input may be cut anywhere.
class tunnel_answer
{
public:
    tunnel_answer();

    /// Takes the next bytes. Errors: those of http_response_reader; errc::invalid_response also when bytes come behind
    /// an answer that opens the tunnel: the server's side of TLS says nothing before the client's.
    void consume(std::string_view input, boost::system::error_code& ec);

    /// The connection ended. `ec` is set unless header_done().
    void finish(boost::system::error_code& ec);

    /// Whether status() is known. The body of a refusal is not waited for.
    bool header_done() const noexcept { return reader_.header_done(); }

    int status() const noexcept { return reader_.status(); }

    bool open() const noexcept { return status() >= 200 && status() < 300; }

private:
    http_response_reader reader_;
};

}  // namespace dedalus::protocol
