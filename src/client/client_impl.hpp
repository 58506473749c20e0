#pragma once

#include <dedalus/client.hpp>

#include "client/configuration.hpp"
#include "transport/http_transport.hpp"

#include <boost/asio/any_io_executor.hpp>

namespace dedalus {

/// What the copies of a client share.
class client::impl
{
public:
    impl(boost::asio::any_io_executor on, configuration resolved)
        : executor(std::move(on)), config(std::move(resolved)),
          transport(executor, config.base, config.tls, config.tcp, config.pool, config.limits)
    {}

    const boost::asio::any_io_executor executor;
    const configuration config;
    transport::http_transport transport;
};

}  // namespace dedalus
