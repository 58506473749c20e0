#pragma once

#include <dedalus/client.hpp>

#include "client/configuration.hpp"
#include "client/key_cache.hpp"
#include "net/tls_context.hpp"
#include "transport/http_transport.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <utility>

namespace dedalus {

/// What the copies of a client share.
class client::impl
{
public:
    impl(boost::asio::any_io_executor on, configuration resolved)
        : executor(std::move(on)), config(std::move(resolved)),
          tls(config.base.tls() ? std::make_shared<const net::tls_context>(config.tls) : nullptr),
          transport(
              executor, config.base, tls, config.tcp, config.proxies.proxy_for(config.base), config.pool, config.limits
          )
    {}

    const boost::asio::any_io_executor executor;
    const configuration config;
    const std::shared_ptr<const net::tls_context> tls;  ///< null when the API is spoken to without it
    transport::http_transport transport;
    key_cache credential_key;  ///< of the authorization server
};

}  // namespace dedalus
