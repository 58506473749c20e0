#include <dedalus/stores/memory.hpp>

#include "support/catch.hpp"
#include "support/run_coro.hpp"

#include <functional>
#include <stdexcept>
#include <string>

using dedalus::memory_run_store;
using dedalus::store_errc;
using dedalus::store_error;
using dedalus::store_failpoint;
namespace stores = dedalus::stores;

namespace {

class crash : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

stores::create_request create_request()
{
    stores::create_request request;
    request.run_id = "order-1";
    request.head.bytes = "{}";
    request.op_id = "op-create";
    return request;
}

stores::acquire_request acquire_request()
{
    stores::acquire_request request;
    request.run_id = "order-1";
    request.owner = "me";
    request.op_id = "op-acquire";
    return request;
}

stores::commit_request commit_request(std::int64_t fence)
{
    stores::commit_request request;
    request.run_id = "order-1";
    request.fence = fence;
    request.expected_rev = 1;
    request.head.bytes = "changed";
    request.op_id = "op-commit";
    return request;
}

struct owned_run
{
    memory_run_store store{};
    std::int64_t fence = 0;

    owned_run()
    {
        test::run_coro(store.create(create_request()));
        fence = test::run_coro(store.acquire(acquire_request())).fence;
    }

    stores::commit_result commit() { return test::run_coro(store.commit(commit_request(fence))); }

    std::string head()
    {
        stores::load_request load;
        load.run_id = "order-1";
        return test::run_coro(store.load(load)).run.head.bytes;
    }
};

store_errc reason_of(const std::function<void()>& operation)
{
    try {
        operation();
    }
    catch (const store_error& e) {
        CHECK(e.code() == dedalus::errc::store);
        return e.reason();
    }
    FAIL("nothing was thrown");
    return {};
}

}  // namespace

TEST_CASE("a failpoint before the commit changes nothing")
{
    owned_run run;
    run.store.arm(store_failpoint::before_commit);
    CHECK(reason_of([&] { run.commit(); }) == store_errc::unavailable);
    CHECK(run.head() == "{}");
    CHECK(run.commit().outcome == stores::commit_outcome::committed);
}

TEST_CASE("a failpoint after the commit loses the answer, and repeating tells it")
{
    owned_run run;
    run.store.arm(store_failpoint::after_commit_before_ack);
    CHECK_THROWS_AS(run.commit(), store_error);
    CHECK(run.head() == "changed");
    CHECK(run.commit().outcome == stores::commit_outcome::already_applied);
}

TEST_CASE("a failpoint throws the exception it was given")
{
    owned_run run;
    run.store.arm(store_failpoint::after_commit_before_ack, 1, std::make_exception_ptr(crash("now")));
    CHECK_THROWS_AS(run.commit(), crash);
}

TEST_CASE("a dropped connection fails everything until it is back")
{
    owned_run run;
    run.store.arm(store_failpoint::drop_connection);
    CHECK_THROWS_AS(run.commit(), store_error);
    CHECK_THROWS_AS(run.commit(), store_error);
    CHECK_THROWS_AS(run.head(), store_error);
    run.store.reconnect();
    CHECK(run.head() == "{}");
    CHECK(run.commit().outcome == stores::commit_outcome::committed);
}

TEST_CASE("a stale fence makes another the owner just before the write")
{
    owned_run run;
    run.store.arm(store_failpoint::stale_fence);
    CHECK(run.commit().outcome == stores::commit_outcome::fenced);
    CHECK(run.head() == "{}");
}

TEST_CASE("a failpoint waits for the write it is armed for")
{
    owned_run run;
    CHECK(run.store.writes() == 2);
    run.store.arm(store_failpoint::before_commit, 2);
    CHECK(run.commit().outcome == stores::commit_outcome::committed);
    stores::release_request release;
    release.run_id = "order-1";
    release.fence = run.fence;
    CHECK_THROWS_AS(test::run_coro(run.store.release(release)), store_error);
    CHECK(test::run_coro(run.store.release(release)) == stores::lease_outcome::ok);
    CHECK(run.store.writes() == 5);
}

TEST_CASE("an entry with a wrong checksum makes the run corrupt")
{
    memory_run_store store;
    stores::create_request request = create_request();
    stores::log_entry entry;
    entry.seq = 1;
    entry.kind = "note";
    entry.body = "{}";
    entry.crc32c = stores::checksum(entry);
    request.entries.push_back(entry);
    request.entries[0].body = "{ }";
    test::run_coro(store.create(request));
    stores::load_request load;
    load.run_id = "order-1";
    CHECK(test::run_coro(store.load(load)).outcome == stores::load_outcome::corrupt);
}

TEST_CASE("the checksum is CRC-32C, and covers every member")
{
    stores::log_entry entry;
    entry.seq = 1;
    const std::uint32_t base = stores::checksum(entry);
    const auto changed = [&](auto change) {
        stores::log_entry other = entry;
        change(other);
        return stores::checksum(other) != base;
    };
    CHECK(changed([](stores::log_entry& e) { e.seq = 2; }));
    CHECK(changed([](stores::log_entry& e) { e.at += std::chrono::microseconds(1); }));
    CHECK(changed([](stores::log_entry& e) { e.fence = 1; }));
    CHECK(changed([](stores::log_entry& e) { e.turn = 1; }));
    CHECK(changed([](stores::log_entry& e) { e.kind = "a"; }));
    CHECK(changed([](stores::log_entry& e) { e.body = "a"; }));
    CHECK(changed([](stores::log_entry& e) { e.raw = "a"; }));
    stores::log_entry moved = entry;
    moved.kind = "ab";
    stores::log_entry other = entry;
    other.kind = "a";
    other.body = "b";
    CHECK(stores::checksum(moved) != stores::checksum(other));
    // Worked out by another program.
    CHECK(base == 0x8b0d1766);
}
