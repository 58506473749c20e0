#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/pool_stats.hpp>

#include "protocol/pool_state.hpp"
#include "transport/call_limits.hpp"
#include "transport/connection_lease.hpp"
#include "transport/http_connection.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace dedalus::transport {

/// Bounds the connections of a client and keeps the idle ones. Any thread. Held by its users, so that it lives as long
/// as the last connection_lease.
class connection_pool : public std::enable_shared_from_this<connection_pool>
{
public:
    /// @param executor  of the timers of waiting calls.
    connection_pool(boost::asio::any_io_executor executor, const pool_options& options);

    /// A place for one connection, with an idle connection if a usable one is there. Waits its turn when the limits are
    /// reached, for at most `limits.timeouts.pool`. Throws timeout_error (pool or total), and operation_aborted when
    /// the guard or the coroutine was cancelled; then the turn goes to the next.
    boost::asio::awaitable<connection_lease> acquire(protocol::pool_key key, call_limits limits);

    /// The same without waiting: nothing when a place is not free at once.
    std::optional<connection_lease> acquire_at_once(const protocol::pool_key& key, const call_limits& limits);

    /// Closes the connections that nobody uses.
    void close_idle();

    pool_stats stats() const;

    // For connection_lease; see pool_state.
    using kept_connection = protocol::pooled<std::unique_ptr<http_connection>>;
    void give_back(const protocol::pool_key& key, kept_connection back);
    void free(const protocol::pool_key& key, protocol::close_reason why);
    std::optional<kept_connection> replace(const protocol::pool_key& key);
    void count_opened();
    void count_reused();
    void count_resent();

private:
    struct waiter;
    class turn;
    using state = protocol::pool_state<std::unique_ptr<http_connection>, std::shared_ptr<waiter>>;

    template <class Operation>
    void change(Operation operation);
    boost::asio::awaitable<void> wait(turn& queued, call_limits limits);

    boost::asio::any_io_executor executor_;
    mutable std::mutex mutex_;
    state state_;
};

}  // namespace dedalus::transport
