#pragma once

#include <cstddef>
#include <cstdint>

namespace dedalus {

/// Why connections of a pool were closed, counted since the client was made.
struct closed_connections
{
    std::uint64_t idle_timeout = 0;  ///< idle for longer than pool_options::idle_timeout
    std::uint64_t max_age = 0;       ///< older than pool_options::max_age
    std::uint64_t no_room = 0;       ///< idle, given up for a limit of pool_options
    std::uint64_t unusable = 0;      ///< of no more use after its call: the server closed it or was about to
    std::uint64_t unfinished = 0;    ///< its call ended before the answer did: failed, cancelled, dropped
    std::uint64_t requested = 0;     ///< client::close_idle_connections()

    bool operator==(const closed_connections&) const = default;
};

/// A client's connections at one moment, and what became of all of them.
struct pool_stats
{
    std::size_t open = 0;      ///< `active` and `idle`
    std::size_t active = 0;    ///< in use by a call, or being opened for one
    std::size_t idle = 0;      ///< kept for the next call
    std::size_t waiting = 0;   ///< calls that wait for a connection, because of a limit of pool_options
    std::uint64_t opened = 0;  ///< connections opened so far, handshake included
    std::uint64_t reused = 0;  ///< requests sent on a connection that had served another
    std::uint64_t resent = 0;  ///< of those, requests sent again on a new connection because the old one was dead
    closed_connections closed{};

    bool operator==(const pool_stats&) const = default;
};

}  // namespace dedalus
