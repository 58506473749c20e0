#include "net/tls_session_cache.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace dedalus::net {

namespace {

// Servers give two tickets with each handshake, and one is needed for each new connection; a session with its
// certificates takes a few kilobytes.
constexpr std::size_t max_sessions_per_host = 16;
constexpr std::size_t max_sessions = 64;

// Where a connection keeps the pointer to its source; -1 when OpenSSL has no room, and then nothing is kept.
int source_index()
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

}  // namespace

void tls_session_cache::deleter::operator()(ssl_session_st* session) const noexcept
{
    SSL_SESSION_free(session);
}

void tls_session_cache::attach(ssl_ctx_st* context)
{
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, &tls_session_cache::on_new_session);
}

void tls_session_cache::use(ssl_st* connection, source& from)
{
    if (SSL_set_ex_data(connection, source_index(), &from) != 1) {
        ERR_clear_error();
        return;
    }
    const session_ptr known = from.cache->take(from.host);
    if (known && SSL_set_session(connection, known.get()) != 1)
        ERR_clear_error();
}

// Called by OpenSSL: with TLS 1.3 while the first answer is read, once for each ticket.
int tls_session_cache::on_new_session(ssl_st* connection, ssl_session_st* session)
{
    auto* const from = static_cast<source*>(SSL_get_ex_data(connection, source_index()));
    if (from == nullptr)
        return 0;
    try {
        // A copy, because the connection, perhaps on another thread, goes on changing its own.
        if (session_ptr copy{SSL_SESSION_dup(session)})
            from->cache->put(from->host, std::move(copy));
    }
    catch (const std::exception&) {
        // Out of memory: then without resumption.
    }
    return 0;
}

void tls_session_cache::put(const std::string& host, session_ptr session)
{
    if (SSL_SESSION_is_resumable(session.get()) != 1)
        return;
    const std::lock_guard lock(mutex_);
    const auto of_host = [&](const entry& each) { return each.host == host; };
    const auto known = std::count_if(entries_.begin(), entries_.end(), of_host);
    if (static_cast<std::size_t>(known) >= max_sessions_per_host)
        entries_.erase(std::find_if(entries_.begin(), entries_.end(), of_host));
    else if (entries_.size() >= max_sessions)
        entries_.pop_front();
    entries_.push_back({host, std::move(session)});
}

tls_session_cache::session_ptr tls_session_cache::take(const std::string& host)
{
    const std::lock_guard lock(mutex_);
    const auto newest =
        std::find_if(entries_.rbegin(), entries_.rend(), [&](const entry& each) { return each.host == host; });
    if (newest == entries_.rend())
        return nullptr;
    // Of TLS 1.2 a session may be used again; a copy, so that no two connections share one.
    if (SSL_SESSION_get_protocol_version(newest->session.get()) < TLS1_3_VERSION)
        return session_ptr(SSL_SESSION_dup(newest->session.get()));
    session_ptr taken = std::move(newest->session);
    entries_.erase(std::next(newest).base());
    return taken;
}

}  // namespace dedalus::net
