#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;

namespace dedalus::net {

/// Sessions that servers have given out, by the host that the certificate was verified for. A later connection offers
/// one and saves the certificates of the handshake. Belongs to one tls_context, so a session never passes from one set
/// of rules to another. A session of TLS 1.3 is offered once (RFC 8446, C.4). Bounded; any thread.
class tls_session_cache
{
public:
    /// A connection whose sessions are kept. Must live as long as the connection it was given to.
    struct source
    {
        tls_session_cache* cache;
        std::string host;
    };

    /// Has the connections of `context` report their sessions to the cache of their source.
    static void attach(ssl_ctx_st* context);

    /// Keeps the sessions of `connection`, and offers one that is kept for its host. Before the handshake.
    static void use(ssl_st* connection, source& from);

private:
    struct deleter
    {
        void operator()(ssl_session_st* session) const noexcept;
    };

    using session_ptr = std::unique_ptr<ssl_session_st, deleter>;

    struct entry
    {
        std::string host;
        session_ptr session;
    };

    static int on_new_session(ssl_st* connection, ssl_session_st* session);

    void put(const std::string& host, session_ptr session);
    session_ptr take(const std::string& host);

    std::mutex mutex_;
    std::list<entry> entries_;  // in the order of put()
};

}  // namespace dedalus::net
