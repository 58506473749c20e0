#pragma once

#include <dedalus/response_info.hpp>

#include "net/byte_stream.hpp"
#include "net/tls_context.hpp"
#include "net/watchdog.hpp"
#include "protocol/deadlines.hpp"
#include "protocol/proxy_address.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace dedalus::net {

/// Where to connect, and within what time.
struct connect_request
{
    boost::asio::any_io_executor executor;  ///< of the socket and the resolver
    std::string host;                       ///< name or IP literal, with or without brackets
    std::uint16_t port = 0;
    std::shared_ptr<const tls_context> tls;  ///< null: plain TCP
    tcp_options tcp{};
    /// Connect to this in place of the host; with `tls`, open a tunnel through it.
    std::optional<protocol::proxy_address> proxy{};
    std::shared_ptr<const tls_context> proxy_tls{};  ///< not null when the proxy is spoken to over TLS
    /// Resolve, TCP, tunnel and TLS together; no_limit: none. Whichever of this and `total` comes first counts.
    std::chrono::milliseconds limit = no_limit;
    protocol::deadline total{
        call_phase::total, {}, std::chrono::steady_clock::time_point::max()};  ///< of the whole call
    std::shared_ptr<watchdog> guard;                                           ///< not null
    std::shared_ptr<timings> times = std::make_shared<timings>();  ///< gets `dns`, `connect` and `tls`; not null
};

struct connected
{
    std::unique_ptr<byte_stream> stream;  ///< not watched yet
};

/// Resolves the name, tries its addresses in order until one accepts, opens the tunnel, and does the TLS handshake.
///
/// Throws proxy_error, connection_error(resolve, connect, proxy or tls; the cause; a text with host and port, for TLS
/// with the problem), timeout_error (resolve, connect, proxy, tls, or total when that came first), dedalus::error or
/// system_error with operation_aborted when the guard or the coroutine was cancelled. Afterwards the guard is disarmed
/// and watches nothing.
///
/// A name lookup that is under way cannot be stopped: the wait for it ends, its late answer is dropped, but
/// io_context::run() returns only after it.
boost::asio::awaitable<connected> connect(connect_request request);

}  // namespace dedalus::net
