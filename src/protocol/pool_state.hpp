#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/pool_stats.hpp>

#include "protocol/idle_connections.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace dedalus::protocol {

/// Who may have a connection, which one, who waits, and which idle connection has to go. A place is the right to have
/// one connection of a key; it is given with an idle connection or empty, for a connection that the holder opens, and
/// is taken back by give_back() or free(). Whoever waits is served in the order of arrival; only those whose host has
/// no place are passed over. Nobody waits who could be served, so a newcomer overtakes nobody.
///
/// Nothing is opened, closed or woken here: what an operation leaves to be done is told by `effects`, so that it can be
/// done outside of a lock. `Connection` and `Waiter` are anything that can be moved.
template <class Connection, class Waiter>
class pool_state
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    struct place
    {
        std::optional<pooled<Connection>> idle{};
    };

    /// A waiter that has got its place.
    struct turn
    {
        Waiter waiter;
        place given;
    };

    struct effects
    {
        std::vector<Connection> closed{};  ///< to be destroyed
        std::vector<turn> turns{};         ///< to be told
    };

    explicit pool_state(const pool_options& options) : options_(options), idle_(options.idle_timeout, options.max_age)
    {}

    /// A place, if there is one now; otherwise wait().
    [[nodiscard]] std::optional<place> acquire(const pool_key& key, time_point now, effects& out)
    {
        expire(now, out);
        const auto at = hosts_.try_emplace(key).first;
        if (may_have_place(at->second))
            return give(at, out);
        forget_if_unused(at);
        return std::nullopt;
    }

    /// Queues for a place, when acquire() has just given none. Returns what leave() needs.
    [[nodiscard]] std::uint64_t wait(const pool_key& key, Waiter waiter)
    {
        hosts_[key].queue.emplace(++last_ticket_, std::move(waiter));
        ++waiting_;
        return last_ticket_;
    }

    /// Leaves the queue; false when the waiter has got its place already.
    bool leave(const pool_key& key, std::uint64_t ticket)
    {
        const auto at = hosts_.find(key);
        if (at == hosts_.end() || at->second.queue.erase(ticket) == 0)
            return false;
        --waiting_;
        forget_if_unused(at);
        return true;
    }

    /// Takes back a place with a connection that can serve another call.
    void give_back(const pool_key& key, pooled<Connection> back, time_point now, effects& out)
    {
        expire(now, out);
        const bool too_old = idle_.too_old(back.opened, now);
        if (too_old || options_.max_idle_connections == 0) {
            out.closed.push_back(std::move(back.connection));
            free(key, too_old ? &closed_connections::max_age : &closed_connections::no_room, out);
            return;
        }
        idle_.put(key, std::move(back), now);
        ++hosts_.find(key)->second.idle;
        serve(out);
        while (idle_.size() > options_.max_idle_connections)
            close(idle_.take_oldest(&closed_connections::no_room), out);
    }

    /// Takes back a place whose connection was closed, or, with null, never opened.
    void free(const pool_key& key, close_reason why, effects& out)
    {
        if (why != nullptr)
            ++(counted_.closed.*why);
        drop_place(hosts_.find(key));
        serve(out);
    }

    /// The idle connection that came with a place was no good and is closed. Gives another idle one if there is one;
    /// otherwise the holder keeps the place and opens one.
    [[nodiscard]] std::optional<pooled<Connection>> replace(const pool_key& key, time_point now, effects& out)
    {
        ++counted_.closed.unusable;
        expire(now, out);
        const auto at = hosts_.find(key);
        if (at->second.idle == 0)
            return std::nullopt;
        std::optional<pooled<Connection>> other = take_idle(at);
        drop_place(at);
        serve(out);
        return other;
    }

    /// Gives up all idle connections.
    void close_idle(effects& out)
    {
        while (idle_.size() > 0)
            close(idle_.take_oldest(&closed_connections::requested), out);
    }

    void count_opened() noexcept { ++counted_.opened; }

    void count_reused() noexcept { ++counted_.reused; }

    /// A reused connection was dead: it is closed, its place is kept, and the request is sent again.
    void count_resent() noexcept
    {
        ++counted_.resent;
        ++counted_.closed.unusable;
    }

    pool_stats stats() const
    {
        pool_stats now = counted_;
        now.open = places_;
        now.idle = idle_.size();
        now.active = places_ - idle_.size();
        now.waiting = waiting_;
        return now;
    }

    /// Hosts about which something is remembered: those with a connection or a waiter.
    std::size_t hosts() const noexcept { return hosts_.size(); }

private:
    struct host
    {
        std::size_t places = 0;  // given, and idle connections
        std::size_t idle = 0;
        std::map<std::uint64_t, Waiter> queue{};  // by ticket, hence by arrival
    };

    using host_iterator = typename std::map<pool_key, host>::iterator;

    bool may_have_place(const host& at) const noexcept
    {
        if (at.idle > 0)
            return true;
        return at.places < options_.max_connections_per_host &&
               (places_ < options_.max_connections || idle_.size() > 0);
    }

    place give(host_iterator at, effects& out)
    {
        if (at->second.idle > 0)
            return {take_idle(at)};
        // Nobody is waiting while there is an idle connection, so what is closed here need not be offered to others.
        if (places_ >= options_.max_connections)
            close(idle_.take_oldest(&closed_connections::no_room), out);
        ++at->second.places;
        ++places_;
        return {};
    }

    void serve(effects& out)
    {
        while (waiting_ > 0) {
            const auto next = next_turn();
            if (next == hosts_.end())
                return;
            auto first = next->second.queue.extract(next->second.queue.begin());
            --waiting_;
            place given = give(next, out);
            out.turns.push_back({std::move(first.mapped()), std::move(given)});
        }
    }

    /// The host of the waiter that came first of those that may have a place now; end() when there is none.
    host_iterator next_turn()
    {
        auto next = hosts_.end();
        for (auto each = hosts_.begin(); each != hosts_.end(); ++each) {
            const auto& queue = each->second.queue;
            if (queue.empty() || !may_have_place(each->second))
                continue;
            if (next == hosts_.end() || queue.begin()->first < next->second.queue.begin()->first)
                next = each;
        }
        return next;
    }

    pooled<Connection> take_idle(host_iterator at)
    {
        --at->second.idle;
        return idle_.take(at->first);
    }

    void expire(time_point now, effects& out)
    {
        for (auto& each : idle_.expire(now))
            close(std::move(each), out);
    }

    void close(typename idle_connections<Connection>::given_up idle, effects& out)
    {
        ++(counted_.closed.*idle.why);
        out.closed.push_back(std::move(idle.connection));
        const auto at = hosts_.find(idle.key);
        --at->second.idle;
        drop_place(at);
    }

    void drop_place(host_iterator at)
    {
        --places_;
        --at->second.places;
        forget_if_unused(at);
    }

    void forget_if_unused(host_iterator at)
    {
        if (at->second.places == 0 && at->second.queue.empty())
            hosts_.erase(at);
    }

    pool_options options_;
    idle_connections<Connection> idle_;
    std::map<pool_key, host> hosts_;
    std::size_t places_ = 0;
    std::size_t waiting_ = 0;
    std::uint64_t last_ticket_ = 0;
    pool_stats counted_{};  // its totals; stats() adds the numbers of the moment
};

}  // namespace dedalus::protocol
