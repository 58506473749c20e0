#pragma once

#include <dedalus/config.hpp>

#include <iosfwd>
#include <string_view>

namespace dedalus {

/// The step of a call in which something happened.
enum class call_phase
{
    pool,             ///< waiting for a connection of the pool
    resolve,          ///< name resolution
    connect,          ///< TCP connect
    proxy,            ///< the tunnel through a proxy
    tls,              ///< TLS handshake
    write,            ///< sending the request
    response_header,  ///< waiting for the complete response header
    body,             ///< reading the body of a unary answer
    first_event,      ///< waiting for the first event of a stream
    stream_idle,      ///< waiting for bytes or, with timeout_options::idle_counts_events, for an event of a stream
    total,            ///< the whole call: all attempts, waits and the stream body
    deferred,         ///< waiting for a deferred completion, see deferred_options::deadline
};

DEDALUS_EXPORT std::string_view to_string(call_phase phase) noexcept;
DEDALUS_EXPORT std::ostream& operator<<(std::ostream& os, call_phase phase);

}  // namespace dedalus
