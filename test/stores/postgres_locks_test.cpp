// Which row locks an append and a takeover need, so that a new owner sees every record of the former one. The first
// tests are about the store; the others show that each weaker way loses a record.

#include "stores/pg_operations.hpp"
#include "stores/postgres_scene.hpp"

#include <future>

using test::postgres_scene;
namespace asio = boost::asio;
namespace stores = dedalus::stores;

namespace {

stores::append_request append_request(std::int64_t fence, std::string call_id = "c1")
{
    stores::append_request request;
    request.run_id = "order-1";
    request.fence = fence;
    request.op_id = "append " + call_id;
    stores::call_record& record = request.records.emplace_back();
    record.key.call_id = std::move(call_id);
    record.kind = stores::call_record_kind::finish;
    record.fence = fence;
    record.body = "{}";
    record.crc32c = stores::checksum(record);
    return request;
}

/// Of one log entry, by the owner with fence 1.
stores::commit_request commit_request(std::int64_t expected_rev)
{
    stores::commit_request request;
    request.run_id = "order-1";
    request.fence = 1;
    request.expected_rev = expected_rev;
    request.op_id = "commit " + std::to_string(expected_rev);
    request.head.bytes = "{}";
    stores::log_entry& entry = request.entries.emplace_back();
    entry.seq = expected_rev;
    entry.fence = 1;
    entry.kind = "note";
    entry.crc32c = stores::checksum(entry);
    return request;
}

stores::wait_key approval_of(std::string call_id)
{
    stores::wait_key key;
    key.call.call_id = std::move(call_id);
    key.kind = "approval";
    return key;
}

stores::acquire_request acquire_request(std::string owner)
{
    stores::acquire_request request;
    request.run_id = "order-1";
    request.owner = owner;
    request.ttl = std::chrono::milliseconds(1);
    request.op_id = "acquire " + owner;
    return request;
}

/// A database with a run whose lease, of fence 1, has ended.
struct lapsed_run
{
    postgres_scene& scene = postgres_scene::get();
    std::string database = scene.server.new_database();
    std::shared_ptr<dedalus::postgres_run_store> store = scene.open_with_run(database);

    lapsed_run()
    {
        scene.run(store->acquire(acquire_request("A")));
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }

    stores::stored_run load()
    {
        stores::load_request request;
        request.run_id = "order-1";
        return scene.run(store->load(std::move(request))).run;
    }

    std::size_t calls() { return load().calls.size(); }
};

/// The finish of "c1" by A, whose guard has this lock; its transaction stays open.
std::string guarded_append(const std::string& lock)
{
    return "BEGIN; WITH guard AS MATERIALIZED (SELECT run_id FROM dedalus_runs WHERE run_id = 'order-1' AND fence = "
           "1 " +
           lock + ") INSERT INTO dedalus_calls SELECT run_id, 'c1', 0, 0, 2, 1, 1, 0, '', 0, 'op' FROM guard";
}

constexpr const char* take_over = "UPDATE dedalus_runs SET fence = fence + 1 WHERE run_id = 'order-1'";
constexpr const char* count_calls = "SELECT count(*) FROM dedalus_calls";

struct takeover_result
{
    bool waited = false;
    std::int64_t seen = 0;
};

/// A appends with this lock in its guard; B runs `begin`, then reads by `look`; A commits when B waits for it, or else
/// after B is done.
takeover_result race(const std::string& lock, const std::string& begin, const std::string& look)
{
    lapsed_run run;
    test::raw_client a(run.database);
    a.execute(guarded_append(lock));
    std::promise<void> done;
    std::future<void> is_done = done.get_future();
    takeover_result result;
    std::thread b([&] {
        test::raw_client client(run.database);
        if (!begin.empty())
            client.execute(begin);
        result.seen = client.number(look);
        client.execute("COMMIT");
        done.set_value();
    });
    while (is_done.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready && !result.waited)
        result.waited =
            run.scene.server.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != "0";
    a.execute("COMMIT");
    b.join();
    return result;
}

const std::string two_statements = std::string("BEGIN; ") + take_over;

}  // namespace

TEST_CASE("a takeover of a PostgreSQL run waits for an append that is under way, and sees it")
{
    lapsed_run run;
    test::raw_client a(run.database);
    a.execute("BEGIN");
    const stores::append_request request = append_request(1);
    CHECK(a.run(stores::pg::append_call(a.connection(), request)).outcome == stores::append_outcome::inserted);
    auto taken = asio::co_spawn(run.scene.threads, run.store->acquire(acquire_request("B")), asio::use_future);
    run.scene.wait_for_blocked(1);
    CHECK(taken.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    a.execute("COMMIT");
    CHECK(taken.get().outcome == stores::acquire_outcome::acquired);
    CHECK(run.calls() == 1);
}

TEST_CASE("an append to a PostgreSQL run waits for a takeover that is under way, and is fenced")
{
    lapsed_run run;
    test::raw_client b(run.database);
    b.execute("BEGIN");
    const stores::acquire_request request = acquire_request("B");
    CHECK(b.run(stores::pg::acquire(b.connection(), request)).outcome == stores::acquire_outcome::acquired);
    auto append = asio::co_spawn(run.scene.threads, run.store->append_call(append_request(1)), asio::use_future);
    run.scene.wait_for_blocked(1);
    b.execute("COMMIT");
    CHECK(append.get().outcome == stores::append_outcome::fenced);
    CHECK(run.calls() == 0);
}

TEST_CASE("appends to one PostgreSQL run do not wait for each other")
{
    lapsed_run run;
    test::raw_client a(run.database);
    a.execute("BEGIN");
    const stores::append_request request = append_request(1, "c1");
    a.run(stores::pg::append_call(a.connection(), request));
    CHECK(run.scene.run(run.store->append_call(append_request(1, "c2"))).outcome == stores::append_outcome::inserted);
    a.execute("COMMIT");
    CHECK(run.calls() == 2);
}

TEST_CASE("a run of PostgreSQL that somebody works on is passed over by a listing of work")
{
    lapsed_run run;
    CHECK(run.scene.run(run.store->list_resumable(stores::run_filter())).size() == 1);
    test::raw_client a(run.database);
    a.execute("BEGIN");
    const stores::append_request request = append_request(1);
    a.run(stores::pg::append_call(a.connection(), request));
    CHECK(run.scene.run(run.store->list_resumable(stores::run_filter())).empty());
    a.execute("COMMIT");
    CHECK(run.scene.run(run.store->list_resumable(stores::run_filter())).size() == 1);
}

TEST_CASE("a commit to a PostgreSQL run waits for a takeover that is under way, and is fenced")
{
    lapsed_run run;
    test::raw_client b(run.database);
    b.execute("BEGIN");
    const stores::acquire_request request = acquire_request("B");
    CHECK(b.run(stores::pg::acquire(b.connection(), request)).outcome == stores::acquire_outcome::acquired);
    auto commit = asio::co_spawn(run.scene.threads, run.store->commit(commit_request(1)), asio::use_future);
    run.scene.wait_for_blocked(1);
    b.execute("COMMIT");
    CHECK(commit.get().outcome == stores::commit_outcome::fenced);
}

TEST_CASE("a commit to a PostgreSQL run that closes a wait sees the decision that it has waited for")
{
    lapsed_run run;
    stores::commit_request open = commit_request(1);
    open.waits.emplace_back().key = approval_of("c1");
    CHECK(run.scene.run(run.store->commit(open)).outcome == stores::commit_outcome::committed);
    test::raw_client a(run.database);
    a.execute("BEGIN");
    stores::post_request decision;
    decision.run_id = "order-1";
    decision.inbox_id = "p1";
    decision.wait = approval_of("c1");
    decision.kind = "approve";
    CHECK(a.run(stores::pg::post(a.connection(), decision)) == stores::post_outcome::accepted);
    stores::commit_request close = commit_request(2);
    close.closed_waits.push_back(approval_of("c1"));
    auto commit = asio::co_spawn(run.scene.threads, run.store->commit(close), asio::use_future);
    run.scene.wait_for_blocked(1);
    a.execute("COMMIT");
    CHECK(commit.get().outcome == stores::commit_outcome::conflict);
    close.consumed_inbox.emplace_back("p1");
    CHECK(run.scene.run(run.store->commit(close)).outcome == stores::commit_outcome::committed);
}

TEST_CASE("a commit to a PostgreSQL run does not replace the finish of an append that it has waited for")
{
    lapsed_run run;
    test::raw_client a(run.database);
    a.execute("BEGIN");
    const stores::append_request append = append_request(1);
    CHECK(a.run(stores::pg::append_call(a.connection(), append)).outcome == stores::append_outcome::inserted);
    stores::commit_request request = commit_request(1);
    request.calls = append.records;
    auto commit = asio::co_spawn(run.scene.threads, run.store->commit(request), asio::use_future);
    run.scene.wait_for_blocked(1);
    a.execute("COMMIT");
    CHECK(commit.get().outcome == stores::commit_outcome::conflict);
    CHECK(run.calls() == 1);
}

TEST_CASE("a commit to a PostgreSQL run writes a wait that it opens and closes as closed")
{
    lapsed_run run;
    stores::commit_request both = commit_request(1);
    both.waits.emplace_back().key = approval_of("c1");
    both.waits.emplace_back().key = approval_of("c1");
    both.waits.back().body = "the last one";
    both.closed_waits.assign(2, approval_of("c1"));
    CHECK(run.scene.run(run.store->commit(both)).outcome == stores::commit_outcome::committed);
    const std::vector<stores::wait_record> waits = run.load().waits;
    REQUIRE(waits.size() == 1);
    CHECK(waits[0].body == "the last one");
    CHECK(waits[0].decided_by == stores::closed_by_commit);
}

TEST_CASE("row locks of an append: the takeover sees the record with FOR SHARE, and loses it with less")
{
    const takeover_result none = race("", two_statements, count_calls);
    CHECK_FALSE(none.waited);
    CHECK(none.seen == 0);
    const takeover_result key_share = race("FOR KEY SHARE", two_statements, count_calls);
    CHECK_FALSE(key_share.waited);
    CHECK(key_share.seen == 0);
    const takeover_result share = race("FOR SHARE", two_statements, count_calls);
    CHECK(share.waited);
    CHECK(share.seen == 1);
    const takeover_result exclusive = race("FOR NO KEY UPDATE", two_statements, count_calls);
    CHECK(exclusive.waited);
    CHECK(exclusive.seen == 1);
}

TEST_CASE("forms of a takeover: in one statement or in one snapshot it loses the record it has waited for")
{
    const takeover_result one_statement = race(
        "FOR SHARE",
        "BEGIN",
        std::string("WITH taken AS (") + take_over + " RETURNING 1) SELECT count(*) FROM dedalus_calls, taken"
    );
    CHECK(one_statement.waited);
    CHECK(one_statement.seen == 0);
    const takeover_result one_snapshot =
        race("FOR SHARE", std::string("BEGIN ISOLATION LEVEL REPEATABLE READ; ") + take_over, count_calls);
    CHECK(one_snapshot.waited);
    CHECK(one_snapshot.seen == 0);
}
