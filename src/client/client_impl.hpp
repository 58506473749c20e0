#pragma once

#include <dedalus/client.hpp>

#include "client/call_observer.hpp"
#include "client/configuration.hpp"
#include "client/key_cache.hpp"
#include "client/retry_gate.hpp"
#include "net/tls_context.hpp"
#include "transport/http_transport.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <utility>

namespace dedalus {

/// What a client and those derived from it share.
struct shared_parts
{
    shared_parts(boost::asio::any_io_executor executor, const configuration& config)
        : observer(std::make_shared<call_observer>(config.hooks, config.logger, config.log_bodies)),
          tls(config.base.tls() ? std::make_shared<const net::tls_context>(config.tls) : nullptr),
          transport(
              std::move(executor),
              config.base,
              tls,
              config.tcp,
              config.proxies.proxy_for(config.base),
              config.tls,
              config.pool,
              config.limits
          )
    {
        // A connection of a stream may outlive the client.
        transport.observe([observer = observer, host = config.base.host](connection_event event, close_reason reason) {
            observer->connection(event, reason, host);
        });
        if (config.retry_budget)
            retries.emplace(*config.retry_budget);
        for (const std::string& problem : config.problems)
            observer->warn(problem);
    }

    const std::shared_ptr<call_observer> observer;
    const std::shared_ptr<const net::tls_context> tls;  ///< null when the API is spoken to without it
    transport::http_transport transport;
    key_cache credential_key;           ///< of the authorization server
    std::optional<retry_gate> retries;  ///< nothing: no budget
};

/// What the copies of a client share.
class client::impl
{
public:
    impl(boost::asio::any_io_executor on, configuration resolved)
        : executor(std::move(on)), config(std::move(resolved)), shared(std::make_shared<shared_parts>(executor, config))
    {}

    /// Derived.
    impl(const impl& parent, configuration changed)
        : executor(parent.executor), config(std::move(changed)), shared(parent.shared)
    {}

    const boost::asio::any_io_executor executor;
    const configuration config;

private:
    const std::shared_ptr<shared_parts> shared;

public:
    const std::shared_ptr<call_observer>& observer = shared->observer;
    const std::shared_ptr<const net::tls_context>& tls = shared->tls;
    transport::http_transport& transport = shared->transport;
    key_cache& credential_key = shared->credential_key;
    std::optional<retry_gate>& retries = shared->retries;
};

}  // namespace dedalus
