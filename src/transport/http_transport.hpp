#pragma once

#include <dedalus/client_hooks.hpp>
#include <dedalus/client_options.hpp>

#include "net/tls_context.hpp"
#include "protocol/base_url.hpp"
#include "transport/call_limits.hpp"
#include "transport/connection_pool.hpp"
#include "transport/http_connection.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace dedalus::transport {

/// A request as bytes. The body is shared by the attempts of a call.
struct http_request
{
    std::string head;
    std::shared_ptr<const std::string> body;
};

/// An exchange whose response header has come.
struct open_exchange
{
    std::unique_ptr<http_connection> connection;
};

/// Exchanges with one origin over a pool of connections. Any thread.
class http_transport
{
public:
    /// @param tls  not null for an origin with TLS.
    http_transport(
        boost::asio::any_io_executor executor,
        protocol::base_url origin,
        std::shared_ptr<const net::tls_context> tls,
        const pool_options& pool,
        const limit_options& limits
    );

    /// Calls this when a connection is opened, reused or closed, on any thread; it must not throw. To be set before the
    /// first exchange.
    void observe(std::function<void(connection_event, close_reason)> observer) { observer_ = std::move(observer); }

    /// Sends the request and waits for the response header. A connection from the pool that turns out to be dead before
    /// a byte of the answer has come is replaced once by a new one. Throws as http_connection and net::connect() do.
    /// The transport must outlive the awaitable.
    boost::asio::awaitable<open_exchange> send(http_request request, call_limits limits);

    const protocol::base_url& origin() const noexcept { return origin_; }

    /// Gives a connection back whose exchange is over for its call.
    void release(std::unique_ptr<http_connection> connection);

private:
    boost::asio::awaitable<open_exchange> connect(call_limits limits);
    void tell(connection_event event) const;

    boost::asio::any_io_executor executor_;
    protocol::base_url origin_;
    protocol::pool_key key_;
    std::size_t max_header_bytes_;
    std::shared_ptr<const net::tls_context> tls_;  // null for plain HTTP
    std::function<void(connection_event, close_reason)> observer_{};
    connection_pool pool_;
};

}  // namespace dedalus::transport
