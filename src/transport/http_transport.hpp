#pragma once

#include <dedalus/client_hooks.hpp>
#include <dedalus/client_options.hpp>

#include "net/tls_context.hpp"
#include "protocol/base_url.hpp"
#include "protocol/proxy_address.hpp"
#include "transport/call_limits.hpp"
#include "transport/connection_lease.hpp"
#include "transport/connection_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace dedalus::transport {

/// A request as bytes. The body is shared by the attempts of a call.
struct http_request
{
    std::string head;
    std::shared_ptr<const std::string> body;
    bool resend = true;  ///< also when it was sent whole on a connection that turned out dead
};

/// An exchange whose response header has come.
struct open_exchange
{
    connection_lease connection;
};

/// Exchanges with one origin over a pool of connections. Any thread.
class http_transport
{
public:
    /// @param tls  not null for an origin with TLS. @param proxy  on the way to the origin; nothing: none.
    /// @param proxy_tls  for a proxy that is spoken to over TLS; without its client certificate. Throws config_error
    /// when it cannot be used.
    http_transport(
        boost::asio::any_io_executor executor,
        protocol::base_url origin,
        std::shared_ptr<const net::tls_context> tls,
        const tcp_options& tcp,
        std::optional<protocol::proxy_address> proxy,
        const tls_options& proxy_tls,
        const pool_options& pool,
        const limit_options& limits
    );

    /// Calls this when a connection is opened, reused or closed, on any thread; it must not throw. To be set before the
    /// first exchange.
    void observe(std::function<void(connection_event, close_reason)> observer) { observer_ = std::move(observer); }

    /// Waits for a connection, sends the request and waits for the response header. A connection from the pool that
    /// turns out to be dead before a byte of the answer has come is replaced once by a new one, unless the request must
    /// not be sent twice and was sent whole. Throws as connection_pool, http_connection and net::connect() do. The
    /// transport must outlive the awaitable.
    boost::asio::awaitable<open_exchange> send(http_request request, call_limits limits);

    const protocol::base_url& origin() const noexcept { return origin_; }

    /// Gives a connection back whose exchange is over for its call.
    void release(connection_lease connection);

    pool_stats stats() const { return pool_->stats(); }

    void close_idle() { pool_->close_idle(); }

private:
    boost::asio::awaitable<void> connect(open_exchange& opened, call_limits limits);

    /// Throws proxy_error when the answer is the proxy's and not that of the origin.
    void check_forwarded(const open_exchange& opened) const;

    /// Whether the requests themselves go to the proxy.
    bool forwarded() const noexcept { return proxy_ && !origin_.tls(); }

    void tell(connection_event event) const;

    boost::asio::any_io_executor executor_;
    protocol::base_url origin_;
    std::optional<protocol::proxy_address> proxy_;
    std::shared_ptr<const net::tls_context> proxy_tls_;  // null unless the proxy is spoken to over TLS
    protocol::pool_key key_;
    std::size_t max_header_bytes_;
    std::shared_ptr<const net::tls_context> tls_;  // null for plain HTTP
    tcp_options tcp_;
    std::shared_ptr<connection_pool> pool_;
    std::function<void(connection_event, close_reason)> observer_{};
};

}  // namespace dedalus::transport
