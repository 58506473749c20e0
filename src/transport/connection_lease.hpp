#pragma once

#include "protocol/idle_connections.hpp"
#include "transport/http_connection.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace dedalus::transport {

class connection_pool;

/// A place in the pool and the connection in it, which may still have to be opened. Destroying it closes the connection
/// and frees the place. One owner at a time.
class connection_lease
{
public:
    /// Neither place nor connection.
    connection_lease() = default;

    /// @param idle  the connection that came with the place, if one did.
    connection_lease(
        std::shared_ptr<connection_pool> pool,
        protocol::pool_key key,
        std::optional<protocol::pooled<std::unique_ptr<http_connection>>> idle
    );

    connection_lease(connection_lease&&) noexcept = default;
    connection_lease& operator=(connection_lease&& other) noexcept;

    ~connection_lease() { reset(); }

    /// Whether there is a connection.
    explicit operator bool() const noexcept { return connection_ != nullptr; }

    http_connection* operator->() const noexcept { return connection_.get(); }

    http_connection& operator*() const noexcept { return *connection_; }

    /// Puts a new connection into the empty place.
    void open(std::unique_ptr<http_connection> connection);

    /// Keeps the idle connection if it can be used as far as can be seen without waiting; otherwise looks for another.
    /// Without one, the place is empty.
    void take_usable();

    /// Closes a reused connection that turned out dead, and keeps the place: the request is sent again.
    void discard_dead();

    /// The exchange is over for its call: the connection goes back to the pool, unless it cannot be used again.
    void release();

    /// Closes the connection and frees the place.
    void reset() noexcept;

private:
    void free(protocol::close_reason why);

    std::shared_ptr<connection_pool> pool_;  // null: no place
    protocol::pool_key key_;
    std::unique_ptr<http_connection> connection_;
    std::chrono::steady_clock::time_point opened_{};
};

}  // namespace dedalus::transport
