#pragma once

#include <dedalus/client_options.hpp>

#include "client/environment.hpp"
#include "protocol/base_url.hpp"
#include "protocol/no_proxy.hpp"
#include "protocol/proxy_address.hpp"

#include <optional>

namespace dedalus {

/// Which servers are reached through which proxy. Never changes.
class proxy_choice
{
public:
    /// None for any server.
    proxy_choice() = default;

    /// Reads what proxy_options documents. Throws config_error, which names the option or the variable and never its
    /// value.
    proxy_choice(const proxy_options& options, const environment_lookup& environment);

    /// Nothing: the server is reached directly.
    std::optional<protocol::proxy_address> proxy_for(const protocol::base_url& server) const;

private:
    std::optional<protocol::proxy_address> for_https_;
    std::optional<protocol::proxy_address> for_http_;
    protocol::no_proxy_list direct_;
    bool loopback_is_direct_ = false;
};

}  // namespace dedalus
