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

/// Whether the peer ended TLS with an alert. With TLS 1.3 a server that refuses the client's certificate does so after
/// the client has done its handshake, so that the first read fails.
bool is_tls_alert(const boost::system::error_code& ec) noexcept;

/// A connection to one peer. Reads and writes return at once; only the waits suspend.
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

    /// Whether the last try_read() took all there was. Until something comes another one would block, so that wait()
    /// may as well begin at once; it ends at once when something has come meanwhile.
    virtual bool drained() const noexcept { return false; }

    /// Whether a drained() stream is so still: neither bytes nor an end have come. Costs less than a try_read(). False
    /// when that cannot be told.
    virtual bool quiet() noexcept { return false; }

    /// Nothing is going to be read soon: gives back the memory that can be got again.
    virtual void release_memory() noexcept {}

    /// Writes as much as goes at once; may be less than all. After would_block the next try_write must begin with the
    /// same bytes (at another address, if need be).
    virtual std::size_t try_write(std::span<const char> bytes, boost::system::error_code& ec) = 0;

    /// Waits until the last try_ that would have blocked may go on; for bytes when drained(). Honours per-operation
    /// (terminal) cancellation: throws system_error(operation_aborted) then. After interrupt() it ends, normally or
    /// not.
    virtual boost::asio::awaitable<void> wait() = 0;

    /// Waits until bytes can be read or written: for a writer that wants to hear an answer that comes too early. As
    /// wait().
    virtual boost::asio::awaitable<void> wait_either() = 0;
};

}  // namespace dedalus::net
