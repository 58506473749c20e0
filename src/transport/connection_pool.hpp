#pragma once

#include <dedalus/client_options.hpp>

#include "protocol/pool_state.hpp"
#include "transport/http_connection.hpp"

#include <memory>
#include <mutex>

namespace dedalus::transport {

/// Idle connections that can serve another request. Any thread.
class connection_pool
{
public:
    explicit connection_pool(const pool_options& options);

    /// A connection that is usable as far as can be seen without waiting; null when there is none.
    std::unique_ptr<http_connection> take(const protocol::pool_key& key);

    /// Keeps a connection whose exchange has ended, unless it cannot be used again. The end of a stream's body often
    /// arrives just after its last event, and nobody should have to wait for it: it is looked for again when somebody
    /// wants the connection.
    void put(protocol::pool_key key, std::unique_ptr<http_connection> connection);

private:
    std::mutex mutex_;
    protocol::pool_state<std::unique_ptr<http_connection>> state_;
};

}  // namespace dedalus::transport
