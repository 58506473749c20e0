#include "protocol/pool_state.hpp"

#include <dedalus/client_options.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <set>

using namespace std::chrono_literals;
using dedalus::protocol::pool_key;
using dedalus::protocol::pool_state;
using time_point = std::chrono::steady_clock::time_point;
using ids = std::vector<int>;

namespace {

const pool_key key_a{"https", "a", "443"};
const pool_key key_b{"https", "b", "443"};
constexpr time_point start{1000s};

}  // namespace

TEST_CASE("the connection that became idle last is taken first")
{
    pool_state<int> pool(10, 45s);
    for (const int id : {1, 2, 3})
        CHECK(pool.put(key_a, id, start + std::chrono::seconds(id)).empty());
    CHECK(pool.take(key_a, start + 4s) == 3);
    CHECK(pool.take(key_a, start + 4s) == 2);
    CHECK(pool.put(key_a, 4, start + 5s).empty());
    CHECK(pool.take(key_a, start + 5s) == 4);
    CHECK(pool.take(key_a, start + 5s) == 1);
    CHECK(pool.take(key_a, start + 5s) == std::nullopt);
    CHECK(pool.size() == 0);
}

TEST_CASE("a connection is taken only for its own scheme, host and port")
{
    pool_state<int> pool(10, 45s);
    CHECK(pool.put(key_a, 1, start).empty());
    CHECK(pool.take({"http", "a", "443"}, start) == std::nullopt);
    CHECK(pool.take({"https", "b", "443"}, start) == std::nullopt);
    CHECK(pool.take({"https", "a", "444"}, start) == std::nullopt);
    CHECK(pool.take(key_a, start) == 1);
}

TEST_CASE("beyond the maximum the connection idle for the longest time is given up, over all keys")
{
    pool_state<int> pool(2, 45s);
    CHECK(pool.put(key_a, 1, start).empty());
    CHECK(pool.put(key_b, 2, start).empty());
    CHECK(pool.put(key_b, 3, start) == ids{1});
    CHECK(pool.put(key_b, 4, start) == ids{2});
    CHECK(pool.size() == 2);
}

TEST_CASE("a maximum of zero keeps nothing")
{
    pool_state<int> pool(0, 45s);
    CHECK(pool.put(key_a, 1, start) == ids{1});
    CHECK(pool.take(key_a, start) == std::nullopt);
}

TEST_CASE("a connection idle for the time-out is not taken, and given up at the next chance")
{
    pool_state<int> pool(10, 45s);
    CHECK(pool.put(key_a, 1, start).empty());
    CHECK(pool.put(key_a, 2, start + 1s).empty());
    CHECK(pool.expire(start + 45s - 1ns).empty());
    CHECK(pool.take(key_a, start + 46s) == std::nullopt);
    CHECK(pool.expire(start + 45s) == ids{1});
    CHECK(pool.put(key_b, 3, start + 50s) == ids{2});
    CHECK(pool.size() == 1);
}

TEST_CASE("without a time-out nothing expires")
{
    pool_state<int> pool(10, dedalus::no_limit);
    CHECK(pool.put(key_a, 1, start).empty());
    CHECK(pool.expire(start + std::chrono::hours(24 * 365 * 100)).empty());
    CHECK(pool.take(key_a, start + std::chrono::hours(24 * 365 * 100)) == 1);
}

TEST_CASE("a connection that can only be moved can be kept")
{
    pool_state<std::unique_ptr<int>> pool(1, 45s);
    CHECK(pool.put(key_a, std::make_unique<int>(1), start).empty());
    auto evicted = pool.put(key_a, std::make_unique<int>(2), start);
    REQUIRE(evicted.size() == 1);
    CHECK(*evicted.front() == 1);
    const auto taken = pool.take(key_a, start);
    REQUIRE(taken);
    CHECK(**taken == 2);
}

TEST_CASE("a day of random traffic loses no connection, keeps none too long and never grows")
{
    constexpr std::size_t max_idle = 20;
    constexpr auto idle_timeout = 45s;
    pool_state<int> pool(max_idle, idle_timeout);
    std::mt19937 random(20240229);
    std::vector<time_point> idle_since;  // by id; ids are never used again
    std::vector<std::size_t> key_of;
    std::vector<int> in_use;
    std::set<int> idle;
    std::size_t reused = 0;
    std::size_t expired = 0;
    const pool_key keys[] = {key_a, key_b, {"http", "c", "80"}};

    const auto gone = [&](const ids& evicted, time_point now) {
        for (const int id : evicted) {
            REQUIRE(idle.erase(id) == 1);
            expired += now - idle_since[static_cast<std::size_t>(id)] >= idle_timeout;
        }
    };
    time_point now = start;
    while (now < start + 24h) {
        now += std::chrono::milliseconds(random() % 8000);
        if (random() % 60 == 0)
            now += std::chrono::milliseconds(random() % 60000);
        if (in_use.empty() || random() % 2 == 0) {
            const std::size_t key = random() % 3;
            if (const auto id = pool.take(keys[key], now)) {
                REQUIRE(idle.erase(*id) == 1);
                REQUIRE(key_of[static_cast<std::size_t>(*id)] == key);
                REQUIRE(now - idle_since[static_cast<std::size_t>(*id)] < idle_timeout);
                in_use.push_back(*id);
                ++reused;
            }
            else {
                in_use.push_back(static_cast<int>(key_of.size()));
                key_of.push_back(key);
                idle_since.push_back(now);
            }
        }
        else {
            std::swap(in_use[random() % in_use.size()], in_use.back());
            const int id = in_use.back();
            in_use.pop_back();
            idle_since[static_cast<std::size_t>(id)] = now;
            idle.insert(id);
            gone(pool.put(keys[key_of[static_cast<std::size_t>(id)]], id, now), now);
        }
        REQUIRE(pool.size() == idle.size());
        REQUIRE(pool.size() <= max_idle);
    }
    CHECK(reused > 1000);
    CHECK(expired > 100);
    gone(pool.expire(now + idle_timeout), now + idle_timeout);
    CHECK(pool.size() == 0);
    CHECK(idle.empty());
}
