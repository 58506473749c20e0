#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/pool_stats.hpp>

#include "protocol/deadlines.hpp"

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
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

    auto operator<=>(const pool_key&) const = default;
};

/// A connection, and when it was opened.
template <class Connection>
struct pooled
{
    Connection connection;
    std::chrono::steady_clock::time_point opened;
};

/// Why a connection is closed, as the counter of that.
using close_reason = std::uint64_t closed_connections::*;

/// Connections that nobody uses, and until when each may be used again.
template <class Connection>
class idle_connections
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// What has to go.
    struct given_up
    {
        pool_key key;
        Connection connection;
        close_reason why;
    };

    idle_connections(std::chrono::milliseconds idle_timeout, std::chrono::milliseconds max_age)
        : idle_timeout_(idle_timeout), max_age_(max_age)
    {}

    bool too_old(time_point opened, time_point now) const noexcept { return add_limit(opened, max_age_) <= now; }

    void put(pool_key key, pooled<Connection> kept, time_point now)
    {
        const time_point until = std::min(add_limit(now, idle_timeout_), add_limit(kept.opened, max_age_));
        entries_.push_back({std::move(key), std::move(kept), until});
        next_expiry_ = std::min(next_expiry_, until);
    }

    /// The connection of this key that became idle last, because it is the one least likely to have been closed by the
    /// server. There must be one.
    pooled<Connection> take(const pool_key& key)
    {
        const auto found =
            std::find_if(entries_.rbegin(), entries_.rend(), [&](const entry& each) { return each.key == key; });
        pooled<Connection> taken = std::move(found->kept);
        entries_.erase(std::next(found).base());
        return taken;
    }

    /// The one that has been idle for the longest time. There must be one.
    given_up take_oldest(close_reason why)
    {
        entry oldest = std::move(entries_.front());
        entries_.pop_front();
        return {std::move(oldest.key), std::move(oldest.kept.connection), why};
    }

    /// Takes out those whose time is over. Costs nothing when there are none.
    std::vector<given_up> expire(time_point now)
    {
        std::vector<given_up> expired;
        if (now < next_expiry_)
            return expired;
        next_expiry_ = time_point::max();
        for (auto each = entries_.begin(); each != entries_.end();) {
            if (now < each->until) {
                next_expiry_ = std::min(next_expiry_, each->until);
                ++each;
                continue;
            }
            const close_reason why =
                too_old(each->kept.opened, now) ? &closed_connections::max_age : &closed_connections::idle_timeout;
            expired.push_back({std::move(each->key), std::move(each->kept.connection), why});
            each = entries_.erase(each);
        }
        return expired;
    }

    std::size_t size() const noexcept { return entries_.size(); }

private:
    struct entry
    {
        pool_key key;
        pooled<Connection> kept;
        time_point until;
    };

    std::chrono::milliseconds idle_timeout_;
    std::chrono::milliseconds max_age_;
    std::list<entry> entries_;                    // in the order in which they became idle
    time_point next_expiry_ = time_point::max();  // none expires before
};

}  // namespace dedalus::protocol
