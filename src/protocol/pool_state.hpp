#pragma once

#include "protocol/deadlines.hpp"

#include <chrono>
#include <cstddef>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dedalus::protocol {

/// What two requests must have in common to use one connection.
struct pool_key
{
    std::string scheme;
    std::string host;
    std::string port;
    std::string proxy{};  ///< its host:port; "" for none

    bool operator==(const pool_key&) const = default;
};

/// Which idle connection is used next, and which has to go. It opens and closes nothing: what it gives up is returned,
/// so that the caller can destroy it outside of its lock. `Connection` is anything that can be moved.
template <class Connection>
class pool_state
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// @param max_idle      connections kept, over all keys; 0 keeps none.
    /// @param idle_timeout  a connection idle for this long is not used again; `no_limit` allowed.
    pool_state(std::size_t max_idle, std::chrono::milliseconds idle_timeout)
        : max_idle_(max_idle), idle_timeout_(idle_timeout)
    {}

    /// Keeps `connection` and gives up the expired ones and, while there are too many, the one idle for the longest
    /// time; with max_idle 0 that is `connection` itself.
    [[nodiscard]] std::vector<Connection> put(pool_key key, Connection connection, time_point now)
    {
        std::vector<Connection> evicted = expire(now);
        idle_.push_back({std::move(key), std::move(connection), add_limit(now, idle_timeout_)});
        while (idle_.size() > max_idle_)
            give_up_oldest(evicted);
        return evicted;
    }

    /// The connection of this key that became idle last, because it is the one least likely to have been closed by
    /// the server. Nothing when there is none, or only expired ones, which stay for expire().
    [[nodiscard]] std::optional<Connection> take(const pool_key& key, time_point now)
    {
        for (auto idle = idle_.rbegin(); idle != idle_.rend(); ++idle) {
            if (idle->key != key || idle->until <= now)
                continue;
            std::optional<Connection> taken(std::move(idle->connection));
            idle_.erase(std::next(idle).base());
            return taken;
        }
        return std::nullopt;
    }

    /// Gives up what has been idle for too long.
    [[nodiscard]] std::vector<Connection> expire(time_point now)
    {
        std::vector<Connection> expired;
        while (!idle_.empty() && idle_.front().until <= now)
            give_up_oldest(expired);
        return expired;
    }

    /// Idle connections held, expired ones included.
    std::size_t size() const noexcept { return idle_.size(); }

private:
    struct entry
    {
        pool_key key;
        Connection connection;
        time_point until;
    };

    void give_up_oldest(std::vector<Connection>& evicted)
    {
        evicted.push_back(std::move(idle_.front().connection));
        idle_.pop_front();
    }

    std::size_t max_idle_;
    std::chrono::milliseconds idle_timeout_;
    std::list<entry> idle_;  // in the order of put()
};

}  // namespace dedalus::protocol
