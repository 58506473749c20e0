#pragma once

#include "net/byte_stream.hpp"
#include "net/watchdog.hpp"
#include "protocol/proxy_address.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace dedalus::net {

/// Asks the proxy at the other end of `stream` for a tunnel to `host` (an IPv6 address without brackets) and `port`,
/// and waits for its answer. The guard bounds the waits, which the caller has armed.
///
/// Throws proxy_error (it refused), connection_error(proxy) (it broke off, or what it sent is no answer), and what
/// watchdog::throw_if_fired() throws.
boost::asio::awaitable<void> open_tunnel(
    byte_stream& stream,  // borrowed
    std::string host,
    std::uint16_t port,
    protocol::proxy_address proxy,
    std::shared_ptr<watchdog> guard
);

}  // namespace dedalus::net
