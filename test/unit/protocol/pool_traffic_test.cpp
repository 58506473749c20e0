#include "protocol/pool_state.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace pool_traffic_test {

using namespace std::chrono_literals;
using dedalus::closed_connections;
using dedalus::pool_options;
using dedalus::protocol::pool_key;
using time_point = std::chrono::steady_clock::time_point;

namespace {

/// Callers without order or manners around one pool. It keeps its own books and compares.
class traffic
{
public:
    traffic(const pool_options& options, unsigned seed) : options_(options), state_(options), random_(seed) {}

    void run(std::chrono::hours span)
    {
        const time_point end = now_ + span;
        while (now_ < end) {
            now_ += std::chrono::milliseconds(pick(4000));
            if (pick(500) == 0)
                now_ += std::chrono::minutes(pick(30));
            step();
            settle();
            check();
        }
    }

    void end()
    {
        while (!waiting_.empty())
            leave(0);
        while (!holders_.empty())
            finish(0, false);
        settle();
        state_.close_idle(out_);
        settle();
        check();
        CHECK(state_.stats().open == 0);
        CHECK(state_.stats().waiting == 0);
        CHECK(state_.hosts() == 0);
        CHECK(idle_.empty());
    }

    std::size_t served() const { return served_; }

    std::size_t expired() const { return expired_; }

    dedalus::pool_stats stats() const { return state_.stats(); }

private:
    struct holder
    {
        pool_key key;
        int connection;
    };

    struct idle_connection
    {
        pool_key key;
        time_point since;
    };

    struct waiter
    {
        pool_key key;
        std::uint64_t ticket;
        int number;
    };

    using core = dedalus::protocol::pool_state<int, int>;

    std::size_t pick(std::size_t below) { return random_() % below; }

    /// Few hosts are busy; many are asked once.
    pool_key some_key()
    {
        const std::size_t host = pick(20) == 0 ? 10 + pick(100000) : pick(4);
        return {"https", std::to_string(host), "443"};
    }

    /// Every other hour more is asked for than there is.
    void step()
    {
        const bool busy = std::chrono::floor<std::chrono::hours>(now_.time_since_epoch()).count() % 2 == 0;
        const std::size_t what = pick(8);
        if (what < (busy ? 4U : 2U))
            ask();
        else if (what == 7 && !waiting_.empty())
            leave(pick(waiting_.size()));
        else if (!holders_.empty())
            finish(pick(holders_.size()), pick(4) != 0);
    }

    void ask()
    {
        const pool_key key = some_key();
        if (auto given = state_.acquire(key, now_, out_)) {
            hold(key, *given);
            return;
        }
        const int number = ++callers_;
        waiting_.push_back({key, state_.wait(key, number), number});
    }

    void leave(std::size_t at)
    {
        const waiter leaving = waiting_[at];
        REQUIRE(state_.leave(leaving.key, leaving.ticket));
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    void hold(const pool_key& key, const core::place& given)
    {
        if (!given.idle) {
            opened_at_.push_back(now_);
            holders_.push_back({key, static_cast<int>(opened_at_.size()) - 1});
            return;
        }
        const int id = given.idle->connection;
        const auto known = idle_.find(id);
        REQUIRE(known != idle_.end());
        REQUIRE(known->second.key == key);
        REQUIRE(now_ - known->second.since < options_.idle_timeout);
        REQUIRE(now_ - given.idle->opened < options_.max_age);
        REQUIRE(given.idle->opened == opened_at_[static_cast<std::size_t>(id)]);
        idle_.erase(known);
        holders_.push_back({key, id});
    }

    void finish(std::size_t at, bool well)
    {
        std::swap(holders_[at], holders_.back());
        const holder leaving = holders_.back();
        holders_.pop_back();
        if (!well) {
            state_.free(leaving.key, &closed_connections::unfinished, out_);
            return;
        }
        idle_[leaving.connection] = {leaving.key, now_};
        state_.give_back(
            leaving.key, {leaving.connection, opened_at_[static_cast<std::size_t>(leaving.connection)]}, now_, out_
        );
    }

    void settle()
    {
        for (const auto& turn : out_.turns) {
            const auto of_number = [&](const waiter& each) { return each.number == turn.waiter; };
            const auto next = std::find_if(waiting_.begin(), waiting_.end(), of_number);
            REQUIRE(next != waiting_.end());
            const pool_key key = next->key;
            // Nobody of the same host came before.
            REQUIRE(std::none_of(waiting_.begin(), next, [&](const waiter& each) { return each.key == key; }));
            waiting_.erase(next);
            hold(key, turn.given);
            ++served_;
        }
        for (const int id : out_.closed) {
            const auto known = idle_.find(id);
            REQUIRE(known != idle_.end());
            expired_ += now_ - known->second.since >= options_.idle_timeout;
            idle_.erase(known);
        }
        out_ = {};
    }

    void check() const
    {
        const dedalus::pool_stats stats = state_.stats();
        REQUIRE(stats.active == holders_.size());
        REQUIRE(stats.idle == idle_.size());
        REQUIRE(stats.open == stats.active + stats.idle);
        REQUIRE(stats.waiting == waiting_.size());
        REQUIRE(stats.open <= options_.max_connections);
        REQUIRE(stats.idle <= options_.max_idle_connections);
        std::map<pool_key, std::size_t> places;
        for (const holder& each : holders_)
            ++places[each.key];
        for (const auto& [id, idle] : idle_)
            ++places[idle.key];
        for (const auto& [key, n] : places)
            REQUIRE(n <= options_.max_connections_per_host);
        for (const waiter& each : waiting_) {
            // Nobody waits without need.
            const auto found = places.find(each.key);
            const bool host_is_full = found != places.end() && found->second == options_.max_connections_per_host;
            REQUIRE((host_is_full || (stats.open == options_.max_connections && stats.idle == 0)));
            places.try_emplace(each.key);
        }
        REQUIRE(state_.hosts() == places.size());
    }

    pool_options options_;
    core state_;
    core::effects out_;
    std::mt19937 random_;
    time_point now_{1000s};
    std::vector<time_point> opened_at_;  // by connection; numbers are never used again
    std::vector<holder> holders_;
    std::map<int, idle_connection> idle_;
    std::vector<waiter> waiting_;  // in the order of arrival
    int callers_ = 0;
    std::size_t served_ = 0;
    std::size_t expired_ = 0;
};

}  // namespace

TEST_CASE("pool: a day of random traffic loses no connection and no waiter, keeps to every limit and leaves nothing")
{
    pool_options options;
    options.max_connections_per_host = GENERATE(3, 6);
    options.max_connections = 10;
    options.max_idle_connections = GENERATE(0, 2, 8);
    options.idle_timeout = 45s;
    options.max_age = 10min;
    traffic day(options, 20240229);
    day.run(24h);
    CHECK(day.served() > 500);
    CHECK((options.max_idle_connections == 0 || day.expired() > 100));
    CHECK((options.max_idle_connections == 0 || day.stats().closed.max_age > 0));
    day.end();
}

}  // namespace pool_traffic_test
