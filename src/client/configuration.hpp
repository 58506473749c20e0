#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/http_headers.hpp>

#include "client/environment.hpp"
#include "client/proxy_choice.hpp"
#include "protocol/base_url.hpp"

#include <optional>

namespace dedalus {

/// Options, environment and defaults put together and checked. Never changes.
struct configuration
{
    protocol::base_url base;
    std::optional<protocol::base_url> authorization_server;  ///< nothing: MCP credentials are sent in plaintext
    dedalus::dialect dialect = dedalus::dialect::dedalus;
    http_headers headers;  ///< of every request, credentials included
    tls_options tls;
    tcp_options tcp;
    proxy_choice proxies;
    timeout_options timeouts;
    retry_options retry;
    limit_options limits;
    pool_options pool;
    int max_redirects = 0;
    bool tolerate_missing_done = false;
};

/// Throws config_error, which names the option and never its value.
configuration resolve_configuration(client_options options, const environment_lookup& environment);

}  // namespace dedalus
