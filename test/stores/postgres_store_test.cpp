#include <dedalus/stores/postgres.hpp>

#include "stores/killed_writers.hpp"
#include "stores/planted_secrets.hpp"
#include "stores/postgres_scene.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <future>

using dedalus::store_errc;
using dedalus::store_error;
using test::postgres_scene;
namespace asio = boost::asio;
namespace stores = dedalus::stores;

namespace {

stores::acquire_request acquire_request(std::string owner, std::chrono::milliseconds ttl = std::chrono::minutes(1))
{
    static std::atomic<int> number = 0;
    stores::acquire_request request;
    request.run_id = "order-1";
    request.owner = std::move(owner);
    request.ttl = ttl;
    request.op_id = "acquire " + std::to_string(++number);
    return request;
}

stores::load_request load_request()
{
    stores::load_request request;
    request.run_id = "order-1";
    return request;
}

template <class T>
store_errc reason_of(postgres_scene& scene, asio::awaitable<T> operation)
{
    try {
        scene.run(std::move(operation));
    }
    catch (const store_error& e) {
        return e.reason();
    }
    FAIL("nothing was thrown");
    return {};
}

}  // namespace

TEST_CASE("the PostgreSQL store conforms, with all optional operations, from several stores")
{
    postgres_scene& scene = postgres_scene::get();
    const std::string database = scene.server.new_database();
    dedalus::testing::store_conformance_options options;
    options.open = [&] { return scene.open(database); };
    const auto results = test::run_suite(options);
    CHECK(test::failures(results) == "");
    CHECK(test::count(results, test::check_status::passed) == dedalus::testing::store_checks().size());
}

TEST_CASE("the tables of PostgreSQL are made once, by whoever comes first")
{
    postgres_scene& scene = postgres_scene::get();
    const std::string database = scene.server.new_database();
    std::vector<std::shared_ptr<dedalus::postgres_run_store>> open;
    std::vector<std::future<void>> migrations;
    for (int i = 0; i < 6; ++i) {
        open.push_back(scene.open(database));
        migrations.push_back(asio::co_spawn(scene.threads, open.back()->migrate(), asio::use_future));
    }
    for (auto& migration : migrations)
        migration.get();
    CHECK(scene.run(open[0]->schema_version()) == 1);
}

TEST_CASE("tables of PostgreSQL that are missing or newer are told")
{
    postgres_scene& scene = postgres_scene::get();
    const std::string database = scene.server.new_database();
    const auto store = scene.open(database);
    CHECK(scene.run(store->schema_version()) == 0);
    CHECK(reason_of(scene, store->load(load_request())) == store_errc::wrong_format);
    scene.run(store->migrate());
    test::raw_client(database).execute("INSERT INTO dedalus_schema VALUES (2)");
    CHECK(reason_of(scene, store->migrate()) == store_errc::wrong_format);
}

TEST_CASE("an error about PostgreSQL holds no part of the connection")
{
    postgres_scene& scene = postgres_scene::get();
    const auto store = scene.open("host=/nowhere-planted user=planted password=planted dbname=planted");
    try {
        scene.run(store->load(load_request()));
        FAIL("nothing was thrown");
    }
    catch (const store_error& e) {
        CHECK(e.reason() == store_errc::unavailable);
        CHECK(std::string(e.what()).find("planted") == std::string::npos);
    }
}

TEST_CASE("an operation on PostgreSQL that has to wait ends at its time limit")
{
    postgres_scene& scene = postgres_scene::get();
    const std::string database = scene.server.new_database();
    dedalus::postgres_store_options options;
    options.operation_timeout = std::chrono::milliseconds(200);
    options.max_connections = 1;
    const auto patient = scene.open_with_run(database);
    const auto store = scene.open(database, options);
    test::raw_client other(database);
    other.execute("BEGIN; SELECT 1 FROM dedalus_runs FOR UPDATE");
    auto first = asio::co_spawn(scene.threads, store->acquire(acquire_request("a")), asio::use_future);
    auto second = asio::co_spawn(scene.threads, store->acquire(acquire_request("b")), asio::use_future);
    for (auto* waiting : {&first, &second}) {
        try {
            waiting->get();
            FAIL("a locked run was acquired");
        }
        catch (const store_error& e) {
            CHECK(e.reason() == store_errc::busy);
        }
    }
    other.execute("COMMIT");
    CHECK(scene.run(patient->acquire(acquire_request("c"))).outcome == stores::acquire_outcome::acquired);
}

TEST_CASE("a write to PostgreSQL goes on to its end when its caller is cancelled")
{
    postgres_scene& scene = postgres_scene::get();
    const std::string database = scene.server.new_database();
    const auto store = scene.open_with_run(database);
    test::raw_client other(database);
    other.execute("BEGIN; SELECT 1 FROM dedalus_runs FOR UPDATE");
    asio::cancellation_signal cancel;
    std::promise<stores::acquire_result> result;
    asio::io_context context;
    asio::co_spawn(
        context,
        store->acquire(acquire_request("me")),
        asio::bind_cancellation_slot(
            cancel.slot(),
            [&](std::exception_ptr failure, stores::acquire_result acquired) {
                if (failure)
                    result.set_exception(failure);
                else
                    result.set_value(acquired);
            }
        )
    );
    context.poll();
    scene.wait_for_blocked(1);
    cancel.emit(asio::cancellation_type::terminal);
    context.poll();
    other.execute("COMMIT");
    context.run();
    CHECK(result.get_future().get().outcome == stores::acquire_outcome::acquired);
    CHECK(scene.run(store->load(load_request())).run.fence == 1);
}

TEST_CASE("commits to PostgreSQL are done once each while connections break")
{
    postgres_scene& scene = postgres_scene::get();
    const std::string database = scene.server.new_database();
    const auto store = scene.open_with_run(database);
    const std::int64_t fence = scene.run(store->acquire(acquire_request("me"))).fence;
    std::atomic<bool> stop = false;
    std::thread breaker([&] {
        while (!stop) {
            scene.server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                 "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
            std::this_thread::sleep_for(std::chrono::milliseconds(15));
        }
    });
    int wrong = 0;
    for (std::int64_t rev = 1; rev <= 100; ++rev) {
        stores::commit_request request;
        request.run_id = "order-1";
        request.fence = fence;
        request.expected_rev = rev;
        request.op_id = "commit " + std::to_string(rev);
        stores::log_entry& entry = request.entries.emplace_back();
        entry.seq = rev;
        entry.fence = fence;
        entry.kind = "note";
        entry.crc32c = stores::checksum(entry);
        for (;;) {
            try {
                const auto result = scene.run(store->commit(request));
                wrong += result.outcome == stores::commit_outcome::committed ||
                                 result.outcome == stores::commit_outcome::already_applied
                             ? 0
                             : 1;
                break;
            }
            catch (const store_error& e) {
                wrong += e.reason() == store_errc::unavailable ? 0 : 1;
            }
        }
    }
    stop = true;
    breaker.join();
    CHECK(wrong == 0);
    const stores::load_result loaded = scene.run(store->load(load_request()));
    CHECK(loaded.outcome == stores::load_outcome::loaded);
    CHECK(loaded.run.rev == 101);
    CHECK(loaded.run.last_seq == 100);
}

TEST_CASE("a watch of PostgreSQL goes on after its connection has broken")
{
    postgres_scene& scene = postgres_scene::get();
    const std::string database = scene.server.new_database();
    const auto store = scene.open_with_run(database);
    const auto watch = scene.run(store->watch(""));
    scene.server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                         "AND backend_type = 'client backend'");
    CHECK(scene.run(watch->next(std::chrono::seconds(10))) == "");
    stores::post_request order;
    order.run_id = "order-1";
    order.inbox_id = "p1";
    order.kind = "add_input";
    scene.run(store->post(std::move(order)));
    CHECK(scene.run(watch->next(std::chrono::seconds(10))) == "order-1");
}

TEST_CASE("no file of a PostgreSQL server, its log and its write-ahead log included, holds a secret of a run")
{
    postgres_scene& scene = postgres_scene::get();
    const auto store = scene.open(scene.server.new_database());
    scene.run(store->migrate());
    const std::string token = test::run_with_secrets(store);
    scene.server.execute("CHECKPOINT");
    CHECK(test::files_with(scene.server.folder(), test::visible_word) > 1);
    CHECK(test::files_with(scene.server.folder(), test::secret_word) == 0);
    CHECK(test::files_with(scene.server.folder(), test::secret_word_in_base64) == 0);
    CHECK(test::files_with(scene.server.folder(), token) == 0);
    const std::string bytes = test::bytes_of_run_with_secrets(*store);
    CHECK(bytes.find(test::visible_word) != std::string::npos);
    CHECK(bytes.find(test::secret_word) == std::string::npos);
}

TEST_CASE("writers to PostgreSQL that are killed lose nothing that was durable")
{
    postgres_scene& scene = postgres_scene::get();
    const std::string database = scene.server.new_database();
    const auto store = scene.open_with_run(database);
    const test::durable_work done = test::kill_writers("postgres", database, 20);
    test::check_work(done, scene.run(store->load(load_request())));
}

TEST_CASE("options of a PostgreSQL store that are out of range are refused")
{
    postgres_scene& scene = postgres_scene::get();
    dedalus::postgres_store_options none;
    none.max_connections = 0;
    CHECK_THROWS_AS(scene.open("", none), dedalus::config_error);
    dedalus::postgres_store_options fast;
    fast.operation_timeout = std::chrono::milliseconds(1);
    CHECK_THROWS_AS(scene.open("", fast), dedalus::config_error);
}
