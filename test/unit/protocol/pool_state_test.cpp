#include "protocol/pool_state.hpp"

#include <dedalus/client_options.hpp>

#include "support/catch.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pool_state_test {

using namespace std::chrono_literals;
using dedalus::closed_connections;
using dedalus::pool_options;
using dedalus::protocol::pool_key;
using time_point = std::chrono::steady_clock::time_point;
using ids = std::vector<int>;
using turns = std::vector<std::pair<std::string, int>>;  // who, and the connection that came with the place; 0: none

namespace {

const pool_key key_a{"https", "a", "443"};
const pool_key key_b{"https", "b", "443"};
constexpr time_point start{1000s};
constexpr int none = -1;  // no place
constexpr int empty = 0;  // a place without a connection

/// The core with numbers as connections and names as waiters.
struct pool
{
    explicit pool(const pool_options& options) : state(options) {}

    int acquire(const pool_key& key, time_point now = start)
    {
        const auto given = state.acquire(key, now, out);
        return given ? id_of(*given) : none;
    }

    void give_back(const pool_key& key, int id, time_point now = start, time_point opened = start)
    {
        state.give_back(key, {id, opened}, now, out);
    }

    void free(const pool_key& key) { state.free(key, &closed_connections::unfinished, out); }

    ids closed() { return std::exchange(out.closed, {}); }

    turns served()
    {
        turns result;
        for (const auto& each : std::exchange(out.turns, {}))
            result.emplace_back(each.waiter, id_of(each.given));
        return result;
    }

    using core = dedalus::protocol::pool_state<int, std::string>;

    static int id_of(const core::place& given) { return given.idle ? given.idle->connection : empty; }

    core state;
    core::effects out;
};

pool_options limits(std::size_t per_host, std::size_t total, std::size_t idle = 10)
{
    pool_options options;
    options.max_connections_per_host = per_host;
    options.max_connections = total;
    options.max_idle_connections = idle;
    return options;
}

/// Places for new connections of this key.
void open(pool& p, const pool_key& key, int n)
{
    for (int i = 0; i < n; ++i)
        REQUIRE(p.acquire(key) == empty);
}

}  // namespace

TEST_CASE("pool: the connection that became idle last is taken first")
{
    pool p{pool_options()};
    open(p, key_a, 3);
    for (const int id : {1, 2, 3})
        p.give_back(key_a, id, start + std::chrono::seconds(id));
    CHECK(p.acquire(key_a, start + 4s) == 3);
    CHECK(p.acquire(key_a, start + 4s) == 2);
    p.give_back(key_a, 3, start + 5s);
    CHECK(p.acquire(key_a, start + 5s) == 3);
    CHECK(p.acquire(key_a, start + 5s) == 1);
    CHECK(p.acquire(key_a, start + 5s) == empty);
    CHECK(p.closed().empty());
}

TEST_CASE("pool: a connection is taken only for its own scheme, host and port")
{
    pool p{pool_options()};
    open(p, key_a, 1);
    p.give_back(key_a, 1);
    CHECK(p.acquire({"http", "a", "443"}) == empty);
    CHECK(p.acquire({"https", "b", "443"}) == empty);
    CHECK(p.acquire({"https", "a", "444"}) == empty);
    CHECK(p.acquire(key_a) == 1);
}

TEST_CASE("pool: beyond the maximum the connection idle for the longest time is closed, over all hosts")
{
    pool p{limits(10, 10, 2)};
    open(p, key_a, 1);
    open(p, key_b, 3);
    p.give_back(key_a, 1);
    p.give_back(key_b, 2);
    p.give_back(key_b, 3);
    CHECK(p.closed() == ids{1});
    p.give_back(key_b, 4);
    CHECK(p.closed() == ids{2});
    CHECK(p.state.stats().idle == 2);
    CHECK(p.state.stats().closed.no_room == 2);
    CHECK(p.state.hosts() == 1);
}

TEST_CASE("pool: a maximum of zero idle connections keeps none, and its place goes to who waits")
{
    pool p{limits(1, 1, 0)};
    open(p, key_a, 1);
    REQUIRE(p.acquire(key_a) == none);
    static_cast<void>(p.state.wait(key_a, "second"));
    p.give_back(key_a, 1);
    CHECK(p.closed() == ids{1});
    CHECK(p.served() == turns{{"second", empty}});
}

TEST_CASE("pool: a connection idle for the time-out is closed at the next chance, not taken")
{
    pool p{pool_options()};
    open(p, key_a, 2);
    p.give_back(key_a, 1, start);
    p.give_back(key_a, 2, start + 1s);
    CHECK(p.acquire(key_b, start + 45s - 1ns) == empty);
    CHECK(p.closed().empty());
    CHECK(p.acquire(key_b, start + 45s) == empty);
    CHECK(p.closed() == ids{1});
    CHECK(p.acquire(key_a, start + 46s) == empty);
    CHECK(p.closed() == ids{2});
    CHECK(p.state.stats().closed.idle_timeout == 2);
}

TEST_CASE("pool: a connection that is too old is closed, whether it is idle or comes back")
{
    pool_options options;
    options.max_age = 60s;
    options.idle_timeout = 50s;
    pool p{options};
    open(p, key_a, 2);
    p.give_back(key_a, 1, start + 30s, start);
    CHECK(p.acquire(key_b, start + 59s) == empty);
    CHECK(p.closed().empty());
    CHECK(p.acquire(key_a, start + 60s) == empty);
    CHECK(p.closed() == ids{1});
    p.give_back(key_a, 2, start + 60s, start);
    CHECK(p.closed() == ids{2});
    CHECK(p.state.stats().closed.max_age == 2);
    CHECK(p.state.stats().idle == 0);
}

TEST_CASE("pool: without time limits nothing expires")
{
    pool_options options;
    options.idle_timeout = dedalus::no_limit;
    options.max_age = dedalus::no_limit;
    pool p{options};
    open(p, key_a, 1);
    p.give_back(key_a, 1);
    CHECK(p.acquire(key_a, start + std::chrono::hours(24 * 365 * 100)) == 1);
}

TEST_CASE("pool: who waits is served in the order of arrival, with the connection that came back or with an empty place"
)
{
    pool p{limits(2, 10)};
    open(p, key_a, 2);
    for (const char* name : {"first", "second", "third"}) {
        REQUIRE(p.acquire(key_a) == none);
        static_cast<void>(p.state.wait(key_a, name));
    }
    CHECK(p.state.stats().waiting == 3);
    p.give_back(key_a, 1);
    CHECK(p.served() == turns{{"first", 1}});
    p.free(key_a);
    CHECK(p.served() == turns{{"second", empty}});
    CHECK(p.acquire(key_a) == none);  // a newcomer does not overtake
    p.give_back(key_a, 1);
    CHECK(p.served() == turns{{"third", 1}});
    CHECK(p.state.stats().waiting == 0);
    CHECK(p.state.stats().active == 2);
    CHECK(p.state.stats().idle == 0);
}

TEST_CASE("pool: who waits for a full host does not hold up the others")
{
    pool p{limits(1, 2)};
    open(p, key_a, 1);
    REQUIRE(p.acquire(key_a) == none);
    static_cast<void>(p.state.wait(key_a, "a"));
    CHECK(p.acquire(key_b) == empty);
    REQUIRE(p.acquire({"https", "c", "443"}) == none);
    static_cast<void>(p.state.wait({"https", "c", "443"}, "c"));
    p.free(key_b);  // room in all, but none at host a, although its waiter came first
    CHECK(p.served() == turns{{"c", empty}});
    p.give_back(key_a, 1);
    CHECK(p.served() == turns{{"a", 1}});
}

TEST_CASE("pool: at the total limit, who waits is served in the order of arrival, over all hosts")
{
    pool p{limits(10, 2)};
    open(p, {"https", "m", "443"}, 2);
    for (const char* host : {"z", "a", "m"}) {
        REQUIRE(p.acquire({"https", host, "443"}) == none);
        static_cast<void>(p.state.wait({"https", host, "443"}, host));
    }
    p.free({"https", "m", "443"});
    CHECK(p.served() == turns{{"z", empty}});
    p.free({"https", "z", "443"});
    CHECK(p.served() == turns{{"a", empty}});
    p.free({"https", "m", "443"});
    CHECK(p.served() == turns{{"m", empty}});
}

TEST_CASE("pool: at the total limit, an idle connection to another host makes room")
{
    pool p{limits(2, 2)};
    open(p, key_a, 2);
    p.give_back(key_a, 1);
    p.give_back(key_a, 2);
    CHECK(p.acquire(key_b) == empty);
    CHECK(p.closed() == ids{1});
    CHECK(p.acquire(key_b) == empty);
    CHECK(p.closed() == ids{2});
    CHECK(p.acquire(key_a) == none);
    static_cast<void>(p.state.wait(key_a, "a"));
    p.give_back(key_b, 3);
    CHECK(p.served() == turns{{"a", empty}});
    CHECK(p.closed() == ids{3});
    CHECK(p.state.stats().open == 2);
}

TEST_CASE("pool: a waiter that leaves is passed over, and one that was just served is told so")
{
    pool p{limits(1, 1)};
    open(p, key_a, 1);
    REQUIRE(p.acquire(key_a) == none);
    const auto first = p.state.wait(key_a, "first");
    const auto second = p.state.wait(key_a, "second");
    static_cast<void>(p.state.wait(key_a, "third"));
    CHECK(p.state.leave(key_a, first));
    CHECK_FALSE(p.state.leave(key_a, first));
    p.give_back(key_a, 1);
    CHECK(p.served() == turns{{"second", 1}});
    CHECK_FALSE(p.state.leave(key_a, second));  // so it gives back what it was given
    p.give_back(key_a, 1);
    CHECK(p.served() == turns{{"third", 1}});
    p.free(key_a);
    CHECK(p.state.stats().open == 0);
    CHECK(p.state.hosts() == 0);
}

TEST_CASE("pool: in place of an unusable connection another idle one is given, or the place is kept for a new one")
{
    pool p{limits(2, 2)};
    open(p, key_a, 2);
    p.give_back(key_a, 1);
    p.give_back(key_a, 2);
    REQUIRE(p.acquire(key_a) == 2);
    const auto other = p.state.replace(key_a, start, p.out);
    REQUIRE(other);
    CHECK(other->connection == 1);
    CHECK(p.state.stats().open == 1);
    CHECK_FALSE(p.state.replace(key_a, start, p.out));
    CHECK(p.state.stats().open == 1);
    CHECK(p.state.stats().closed.unusable == 2);
}

TEST_CASE("pool: the room left by an unusable connection goes to who waits for another host")
{
    pool p{limits(1, 2)};
    open(p, key_a, 1);
    open(p, key_b, 1);
    REQUIRE(p.acquire(key_b) == none);
    static_cast<void>(p.state.wait(key_b, "b"));
    p.give_back(key_a, 1);
    CHECK(p.served().empty());  // b is full
    p.free(key_b);
    CHECK(p.served() == turns{{"b", empty}});
    CHECK(p.closed().empty());
}

TEST_CASE("pool: all idle connections can be closed at once, and nothing is remembered of their hosts")
{
    pool p{pool_options()};
    open(p, key_a, 2);
    open(p, key_b, 1);
    p.give_back(key_a, 1);
    p.give_back(key_b, 2);
    p.state.close_idle(p.out);
    CHECK(p.closed() == ids{1, 2});
    CHECK(p.state.stats().closed.requested == 2);
    CHECK(p.state.stats().active == 1);
    CHECK(p.state.hosts() == 1);
}

TEST_CASE("pool: connections and waiters that can only be moved are served")
{
    using core = dedalus::protocol::pool_state<std::unique_ptr<int>, std::unique_ptr<std::string>>;
    core state(limits(1, 1));
    core::effects out;
    REQUIRE(state.acquire(key_a, start, out));
    static_cast<void>(state.wait(key_a, std::make_unique<std::string>("waits")));
    state.give_back(key_a, {std::make_unique<int>(7), start}, start, out);
    REQUIRE(out.turns.size() == 1);
    CHECK(*out.turns[0].waiter == "waits");
    CHECK(*out.turns[0].given.idle->connection == 7);
}

}  // namespace pool_state_test
