#pragma once

#include <dedalus/client_options.hpp>

#include "support/loopback_peer.hpp"
#include "support/tls_fixture.hpp"

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace test {

/// Where a stalling_peer says nothing more.
enum class stall
{
    proxy,    ///< it is a proxy, and has read the CONNECT
    tls,      ///< it has seen the first byte of the handshake
    write,    ///< it reads nothing of the request
    header,   ///< it has read the request
    body,     ///< it has sent a header and half of the body, a piece of the first event of a stream
    refusal,  ///< the same with status 503, not to be tried again
    event,    ///< it has sent the first event of a stream
    never,    ///< it answers; with status 503 and a wait of 20 seconds before the next attempt
};

/// A server that stops at one point of a connection, until it is healed: then it answers every request. Each answer
/// ends its connection.
class stalling_peer
{
public:
    stalling_peer(stall at, bool tls);
    ~stalling_peer();

    stalling_peer(const stalling_peer&) = delete;
    stalling_peer& operator=(const stalling_peer&) = delete;

    /// Of a client that reaches it.
    dedalus::client_options options() const;

    std::uint16_t port() const noexcept { return peer_.port(); }

    /// Whether it has stopped.
    bool reached() const noexcept { return reached_; }

    void heal() noexcept;

    /// Ends the connection at which it has stopped in stall::write: there it cannot see that the client is gone.
    void let_go() noexcept;

private:
    void serve(peer_connection& client);
    void answer(peer_connection& client, bool stream);
    void stop(peer_connection& client);

    stall at_;
    bool tls_;
    test_ca ca_;
    openssl_ptr<SSL_CTX> context_;
    std::atomic<bool> reached_ = false;
    std::atomic<bool> healthy_ = false;
    int stops_ = 0;                   // in stall::write
    std::atomic<int> let_go_of_ = 0;  // of these; the notification of heal(), too
    loopback_peer peer_;              // last: its thread uses the others
};

}  // namespace test
