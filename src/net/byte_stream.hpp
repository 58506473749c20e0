#pragma once

#include "net/interruptible.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <span>

namespace dedalus::net {

/// A TLS stream ended without close_notify: somebody cut it. (`boost::asio::ssl::error::stream_truncated`, without the
/// OpenSSL headers that come with that name.)
extern const boost::system::error_code stream_truncated;

/// A connection to one peer. Reads and writes return at once; wait() is the only operation that suspends.
/// One owner at a time; only interrupt() may be called by other threads. No try_ throws.
class byte_stream : public interruptible
{
public:
    /// Closes the socket at once, without blocking.
    virtual ~byte_stream() = default;

    /// Reads what is there. Returns 0 with ec = asio::error::would_block when nothing is (then wait()),
    /// asio::error::eof at a clean end (TCP FIN or TLS close_notify), stream_truncated when TLS ended without
    /// close_notify, asio::error::operation_aborted after interrupt(), or another code. Otherwise ec is clear and at
    /// least one byte was read, unless the buffer is empty.
    virtual std::size_t try_read(std::span<char> buffer, boost::system::error_code& ec) = 0;

    /// Writes as much as goes at once; may be less than all. After would_block the next try_write must begin with the
    /// same bytes (at another address, if need be).
    virtual std::size_t try_write(std::span<const char> bytes, boost::system::error_code& ec) = 0;

    /// Waits until the last try_ that would have blocked may go on. Honours per-operation (terminal) cancellation:
    /// throws system_error(operation_aborted) then. After interrupt() it ends, normally or not.
    virtual boost::asio::awaitable<void> wait() = 0;
};

/// Reads at least one byte, waiting for it. Throws system_error with the code of try_read(); asio::error::eof included.
/// The memory of `buffer` must stay until the awaitable has ended.
boost::asio::awaitable<std::size_t> read_some(
    byte_stream& stream,    // borrowed
    std::span<char> buffer  // borrowed
);

/// Writes all bytes. Throws system_error with the code of try_write(). The memory of `bytes` must stay until the
/// awaitable has ended.
boost::asio::awaitable<void> write_all(
    byte_stream& stream,         // borrowed
    std::span<const char> bytes  // borrowed
);

}  // namespace dedalus::net
