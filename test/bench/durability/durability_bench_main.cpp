// What it costs to keep a run in a store.
//
// Usage: dedalus_durability_bench [--quick] [--json <file>]
// --quick: small counts, to see that it works; the numbers mean nothing then.

#include <dedalus/stores/memory.hpp>
#ifdef DEDALUS_WITH_SQLITE
#include <dedalus/stores/sqlite.hpp>
#endif
#ifdef DEDALUS_WITH_POSTGRES
#include <dedalus/stores/postgres.hpp>

#include "stores/postgres_server.hpp"

#include <boost/asio/thread_pool.hpp>
#endif

#include "bench/durability/measured_store.hpp"
#include "bench/durability/report.hpp"
#include "bench/durability/scripted_run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using bench::finished_run;
using bench::run_shape;
using store_ptr = std::shared_ptr<dedalus::run_store>;

constexpr double kib = 1024;

double micros(std::chrono::nanoseconds t)
{
    return static_cast<double>(t.count()) / 1e3;
}

double millis(std::chrono::nanoseconds t)
{
    return static_cast<double>(t.count()) / 1e6;
}

template <class T>
T wait_for(boost::asio::awaitable<T> operation)
{
    boost::asio::io_context context;
    auto result = boost::asio::co_spawn(context, std::move(operation), boost::asio::use_future);
    context.run();
    return result.get();
}

/// The median of several runs.
template <class Measure>
double median(int times, Measure measure)
{
    std::vector<double> all;
    for (int i = 0; i < times; ++i)
        all.push_back(measure());
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

struct effort
{
    int turns = 100;
    int repeats = 5;
    std::vector<int> lengths{10, 100, 1000};
};

constexpr double most_micros = 5000;

double load_millis(const store_ptr& store)
{
    dedalus::stores::load_request request;
    request.run_id = "long";
    const auto begun = std::chrono::steady_clock::now();
    const dedalus::stores::load_result result = wait_for(store->load(std::move(request)));
    if (result.outcome != dedalus::stores::load_outcome::loaded)
        throw std::runtime_error("a run cannot be loaded");
    return millis(std::chrono::steady_clock::now() - begun);
}

/// What 100 turns with three results of 4 KiB each cost a store, and what it is to load them again.
finished_run measure_store(bench::report& out, const std::string& name, const store_ptr& store, const effort& e)
{
    run_shape shape;
    shape.turns = e.turns;
    bench::store_load load;
    const auto measured = std::make_shared<bench::measured_store>(store, load);
    const finished_run done = bench::follow(shape, measured, "long");
    const double amplification = static_cast<double>(load.bytes) / static_cast<double>(done.payload_bytes);
    const bool on_disk = name != "memory";
    const std::string of = name + ": ";
    out.add({"amplification", name}, of + "bytes written / bytes of the run", amplification, "", 1.25);
    out.add({"commit_p50", name}, of + "commit, p50", micros(bench::quantile(load.commits, 0.5)), "us");
    const double slow_commit = micros(bench::quantile(load.commits, 0.99));
    out.add({"commit_p99", name}, of + "commit, p99", slow_commit, "us", on_disk ? most_micros : 0);
    out.add({"append_p50", name}, of + "append, p50", micros(bench::quantile(load.appends, 0.5)), "us");
    const double slow_append = micros(bench::quantile(load.appends, 0.99));
    out.add({"append_p99", name}, of + "append, p99", slow_append, "us", on_disk ? most_micros : 0);
    out.add({"load", name}, of + "load", median(e.repeats, [&store] { return load_millis(store); }), "ms");
    if (!on_disk) {
        out.add({}, "largest head", static_cast<double>(load.largest_head) / kib, "KiB", 16);
        out.add({}, "bytes of the run", static_cast<double>(done.payload_bytes) / kib, "KiB");
        const double resumed = median(e.repeats, [&] { return millis(bench::follow(shape, store, "long").cpu_time); });
        out.add({}, "load and rebuild in memory, CPU", resumed, "ms", 20);
    }
    return done;
}

constexpr run_shape short_turns(int turns)
{
    return {.turns = turns, .calls = 1, .message_bytes = 100, .result_bytes = 200};
}

/// How often a run of so many turns is followed, so that each length gets the same work.
int times(int turns, const effort& e)
{
    return e.repeats * std::max(1, e.lengths.back() / turns / 4);
}

/// Bytes and time that a turn costs, whatever the length of the run.
void measure_length(bench::report& out, const effort& e)
{
    std::vector<double> bytes;
    std::vector<double> plain;
    std::vector<double> stored;
    for (const int turns : e.lengths) {
        const run_shape shape = short_turns(turns);
        bench::store_load load;
        stored.push_back(median(times(turns, e), [&] {
            load = {};
            const auto memory = std::make_shared<dedalus::memory_run_store>();
            const auto store = std::make_shared<bench::measured_store>(memory, load);
            return micros(bench::follow(shape, store, "run").cpu_time) / turns;
        }));
        plain.push_back(median(times(turns, e), [&] { return micros(bench::follow(shape).cpu_time) / turns; }));
        bytes.push_back(static_cast<double>(load.bytes) / turns);
        const std::string id = std::to_string(turns) + " turns";
        const std::string of = " of " + std::to_string(turns);
        out.add({"growth_bytes", id}, "bytes written for a turn" + of, bytes.back(), "B");
        out.add(
            {"growth_head", id}, "largest head of a run" + of + " turns", static_cast<double>(load.largest_head), "B"
        );
        out.add({"growth_store", id}, "time of the store for a turn" + of, micros(load.total()) / turns, "us");
        out.add({"growth_plain", id}, "CPU of a turn" + of + ", no store", plain.back(), "us");
        out.add({"growth_stored", id}, "CPU of a turn" + of + ", store in memory", stored.back(), "us");
    }
    out.add({}, "growth of the bytes for a turn, longest / shortest", bytes.back() / bytes.front(), "", 1.1);
    // Each request has the text of all before it, which is copied.
    out.add({}, "growth of the CPU for a turn, no store", plain.back() / plain.front(), "", 2);
    out.add({}, "growth of the CPU for a turn, store in memory", stored.back() / stored.front(), "", 1.5);
}

/// The same of a store on disk: CPU of this process, and how long the run waits for the store.
void measure_growth(bench::report& out, const std::string& name, const store_ptr& store, const effort& e)
{
    for (const int turns : e.lengths) {
        const std::string id = std::to_string(turns) + " turns";
        bench::store_load load;
        int runs = 0;
        const double cpu = median(e.repeats, [&] {
            load = {};
            const auto measured = std::make_shared<bench::measured_store>(store, load);
            const std::string run = "growth-" + id + '-' + std::to_string(++runs);
            return micros(bench::follow(short_turns(turns), measured, run).cpu_time) / turns;
        });
        const std::string of = name + ", " + id;
        out.add({"growth_cpu", of}, name + ": CPU of a turn of " + std::to_string(turns), cpu, "us");
        out.add(
            {"growth_wait", of},
            name + ": wait for the store in a turn of " + std::to_string(turns),
            micros(load.total()) / turns,
            "us"
        );
    }
}

/// What a turn with one call costs, with the store and all of its threads.
void measure_loop(bench::report& out, const std::string& name, const store_ptr& store, const effort& e)
{
    const run_shape shape = short_turns(10);
    std::vector<double> walls;
    int runs = 0;
    const double cpu = median(10 * e.repeats, [&] {
        const finished_run done =
            store ? bench::follow(shape, store, "loop-" + std::to_string(++runs)) : bench::follow(shape);
        walls.push_back(micros(done.wall_time) / shape.turns);
        return micros(done.cpu_time) / shape.turns;
    });
    std::sort(walls.begin(), walls.end());
    out.add({"loop_cpu", name}, name + ": CPU of a turn with one call", cpu, "us");
    out.add({"loop_wall", name}, name + ": time of a turn with one call", walls[walls.size() / 2], "us");
}

#ifdef DEDALUS_WITH_SQLITE
void measure_sqlite(bench::report& out, const effort& e, bool full_sync)
{
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("dedalus-durability-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    dedalus::sqlite_store_options options;
    options.full_sync = full_sync;
    auto store = std::make_shared<dedalus::sqlite_run_store>((folder / "runs.db").string(), options);
    const std::string name = full_sync ? "SQLite, full sync" : "SQLite, normal sync";
    measure_store(out, name, store, e);
    measure_loop(out, name, store, e);
    if (!full_sync)
        measure_growth(out, name, store, e);
    store.reset();
    std::filesystem::remove_all(folder);
}
#endif

#ifdef DEDALUS_WITH_POSTGRES
boost::asio::awaitable<bool> make_tables(std::shared_ptr<dedalus::run_store> store)
{
    co_await store->migrate();
    co_return true;
}

/// Bytes of the write-ahead log of the server so far.
double log_bytes(const test::postgres_server& server)
{
    return std::stod(server.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"));
}

void measure_postgres(bench::report& out, const effort& e)
{
    const test::postgres_server server(test::postgres_server::durability::full);
    boost::asio::thread_pool threads(1);
    const auto store = std::make_shared<dedalus::postgres_run_store>(threads.get_executor(), server.connection());
    wait_for(make_tables(store));
    const std::string name = "PostgreSQL";
    const double before = log_bytes(server);
    const finished_run done = measure_store(out, name, store, e);
    const double logged = (log_bytes(server) - before) / static_cast<double>(done.payload_bytes);
    out.add({"wal", name}, "PostgreSQL: write-ahead log / bytes of the run", logged, "");
    measure_loop(out, name, store, e);
    measure_growth(out, name, store, e);
}
#endif

bench::report measure(const effort& e)
{
    bench::report out;
    const auto memory = std::make_shared<dedalus::memory_run_store>();
    measure_loop(out, "no store", nullptr, e);
    measure_loop(out, "memory", memory, e);
    measure_store(out, "memory", memory, e);
#ifdef DEDALUS_WITH_SQLITE
    measure_sqlite(out, e, true);
    measure_sqlite(out, e, false);
#endif
#ifdef DEDALUS_WITH_POSTGRES
    measure_postgres(out, e);
#endif
    measure_length(out, e);
    return out;
}

}  // namespace

int main(int argc, char** argv)
{
    effort e;
    std::string file;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--quick") {
            e = {.turns = 5, .repeats = 1, .lengths = {2, 4}};
        }
        else if (argument == "--json" && i + 1 < argc) {
            file = argv[++i];
        }
        else {
            std::cerr << "Usage: dedalus_durability_bench [--quick] [--json <file>]\n";
            return 2;
        }
    }
    try {
        const bench::report out = measure(e);
        out.print(std::cout);
        if (!file.empty())
            std::ofstream(file) << boost::json::serialize(out.rows()) << '\n';
        return out.met() || e.turns < 100 ? 0 : 1;
    }
    catch (const std::exception& failure) {
        std::cerr << "failed: " << failure.what() << '\n';
        return 1;
    }
}
