#pragma once

#include "testing/certificates.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>

namespace dedalus::testing {

struct read_result
{
    boost::system::error_code ec;
    std::size_t bytes = 0;
};

/// The server's end of one connection, TCP or TLS. Used on the server's thread alone.
class server_stream
{
public:
    virtual ~server_stream() = default;

    /// The TLS handshake; nothing for TCP.
    virtual boost::asio::awaitable<boost::system::error_code> handshake() = 0;

    virtual boost::asio::awaitable<read_result> read_some(boost::asio::mutable_buffer buffer) = 0;

    /// Writes all of `bytes`, which outlive the operation.
    virtual boost::asio::awaitable<boost::system::error_code> write(boost::asio::const_buffer bytes) = 0;

    /// Orderly end: TLS close_notify, then FIN. Does not wait for the peer.
    virtual boost::asio::awaitable<void> finish() = 0;

    /// FIN without TLS close_notify.
    void cut();

    /// RST.
    void reset();

    /// Makes the pending operation fail with operation_aborted.
    void cancel();

    /// Whether the peer has ended its side of the connection, unread bytes or not.
    bool peer_gone();

protected:
    virtual boost::asio::ip::tcp::socket& socket() = 0;
};

/// Makes the streams of a server.
class stream_factory
{
public:
    virtual ~stream_factory() = default;
    virtual std::unique_ptr<server_stream> make(boost::asio::ip::tcp::socket socket) = 0;
};

std::unique_ptr<stream_factory> make_tcp_factory();

/// TLS 1.2 and 1.3 with this certificate. Throws boost::system::system_error.
std::unique_ptr<stream_factory> make_tls_factory(const server_certificates& certificates);

}  // namespace dedalus::testing
