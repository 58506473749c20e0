#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/http_headers.hpp>

#include "client/environment.hpp"
#include "client/proxy_choice.hpp"
#include "protocol/base_url.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus {

/// Options, environment and defaults put together and checked. Never changes.
struct configuration
{
    protocol::base_url base;
    std::optional<protocol::base_url> authorization_server;  ///< nothing: MCP credentials are sent in plaintext
    dedalus::dialect dialect = dedalus::dialect::dedalus;
    http_headers headers;      ///< of every request, credentials included
    http_headers own_headers;  ///< the same without client_options::headers
    std::vector<query_parameter> query;
    dedalus::credential_provider credential_provider;
    tls_options tls;
    tcp_options tcp;
    proxy_choice proxies;
    timeout_options timeouts;
    retry_options retry;
    std::optional<retry_budget_options> retry_budget;
    limit_options limits;
    pool_options pool;
    int max_redirects = 0;
    bool tolerate_missing_done = false;
    client_hooks hooks;
    std::shared_ptr<dedalus::logger> logger;  ///< not null
    bool log_bodies = false;
    std::vector<std::string> problems;  ///< to be logged: what was passed over, without its value
};

/// Throws config_error, which names the option and never its value.
configuration resolve_configuration(client_options options, const environment_lookup& environment);

// The checks of single options, for what changes them later. They throw config_error.

/// @param origin  where the field comes from.
void check_header(const http_header& field, std::string_view origin);
void check_timeouts(const timeout_options& timeouts);
void check_limits(const limit_options& limits);
void check_pool(const pool_options& pool);
void check_tcp(const tcp_options& tcp);

}  // namespace dedalus
