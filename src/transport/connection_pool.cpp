#include "transport/connection_pool.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace dedalus::transport {

// Connections are destroyed outside of the lock: closing a socket is a system call.

connection_pool::connection_pool(const pool_options& options)
    : state_(options.max_idle_connections, options.idle_timeout)
{}

std::unique_ptr<http_connection> connection_pool::take(const protocol::pool_key& key)
{
    while (true) {
        std::vector<std::unique_ptr<http_connection>> expired;
        std::optional<std::unique_ptr<http_connection>> found;
        {
            const auto now = std::chrono::steady_clock::now();
            const std::lock_guard lock(mutex_);
            expired = state_.expire(now);
            found = state_.take(key, now);
        }
        if (!found)
            return nullptr;
        if ((*found)->reusable() == reuse::now)
            return std::move(*found);
    }
}

void connection_pool::put(protocol::pool_key key, std::unique_ptr<http_connection> connection)
{
    if (connection->reusable() == reuse::never)
        return;
    const auto now = std::chrono::steady_clock::now();
    std::vector<std::unique_ptr<http_connection>> evicted;
    {
        const std::lock_guard lock(mutex_);
        evicted = state_.put(std::move(key), std::move(connection), now);
    }
}

}  // namespace dedalus::transport
