#pragma once

#include "support/tls_fixture.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <thread>

namespace test {

/// The server's end of one accepted connection. Blocking, but no call takes longer than ten seconds.
class peer_connection
{
public:
    peer_connection(int socket, int listener) : socket_(socket), listener_(listener) {}

    ~peer_connection();

    peer_connection(const peer_connection&) = delete;
    peer_connection& operator=(const peer_connection&) = delete;

    /// Goes on in TLS. False when the handshake failed.
    bool start_tls(SSL_CTX* context);

    /// Whether the handshake took up an earlier session.
    bool resumed() const;

    /// The server name the client asked for, "" for none.
    std::string server_name() const;

    /// Returns 0 at any end.
    std::size_t read(std::span<char> buffer);

    /// False when the client is gone.
    bool write(std::span<const char> bytes);

    /// Sends these texts as one TLS record each, all in one TCP segment.
    void write_records(std::span<const std::string> records);

    /// Sends these bytes and the end of TLS in one segment, and leaves the connection open.
    void write_last(std::string_view bytes);

    /// Waits until the client closes or resets. Drops what the client sends; deaf: leaves it in the socket. A client
    /// that closes behind a full socket cannot be seen, so a deaf wait also ends with the loopback_peer.
    void wait_for_end();
    void wait_for_end_deaf();

    /// Whether the client has ended TLS with close_notify, after read() gave 0.
    bool ended_properly() const;

    /// Ends the writing side properly: close_notify with TLS, FIN without.
    void finish();

    /// Ends the writing side of the socket, whatever TLS would say.
    void cut();

private:
    int socket_;
    int listener_;  // shut down when the loopback_peer ends
    openssl_ptr<SSL> session_;
};

/// The addresses of this machine that nobody else reaches.
enum class loopback_address
{
    v4,  ///< 127.0.0.1
    v6,  ///< ::1
};

/// False on a machine, or in a container, without IPv6.
bool can_listen_on(loopback_address address);

/// A server on a loopback address with an own thread, which handles one connection after the other.
class loopback_peer
{
public:
    using handler = std::function<void(peer_connection&)>;

    explicit loopback_peer(handler handle, loopback_address address = loopback_address::v4);

    /// Ends deaf waits, and waits for the handler that runs.
    ~loopback_peer();

    loopback_peer(const loopback_peer&) = delete;
    loopback_peer& operator=(const loopback_peer&) = delete;

    std::uint16_t port() const noexcept { return port_; }

private:
    void serve();

    handler handle_;
    std::uint16_t port_ = 0;  // filled while listener_ is made
    int listener_;
    std::thread thread_;
};

}  // namespace test
