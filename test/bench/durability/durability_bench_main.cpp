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

/// What 100 turns with three results of 4 KiB each cost a store, and what it is to load them again.
void measure_store(bench::report& out, const std::string& name, const store_ptr& store, const effort& e)
{
    run_shape shape;
    shape.turns = e.turns;
    bench::store_load load;
    const auto measured = std::make_shared<bench::measured_store>(store, load);
    const finished_run done = bench::follow(shape, measured, "long");
    if (name == "memory") {
        out.add(
            "bytes written / bytes of the run",
            static_cast<double>(load.bytes) / static_cast<double>(done.payload_bytes),
            "",
            1.25
        );
        out.add("largest head", static_cast<double>(load.largest_head) / kib, "KiB", 16);
        out.add("bytes of the run", static_cast<double>(done.payload_bytes) / kib, "KiB");
    }
    out.add(name + ": write, p50", micros(load.quantile(0.5)), "us");
    out.add(name + ": write, p99", micros(load.quantile(0.99)), "us", name == "memory" ? 0 : 5000);
    const double loaded = median(e.repeats, [&store] {
        dedalus::stores::load_request request;
        request.run_id = "long";
        const auto begun = std::chrono::steady_clock::now();
        const dedalus::stores::load_result result = wait_for(store->load(std::move(request)));
        if (result.outcome != dedalus::stores::load_outcome::loaded)
            throw std::runtime_error("a run cannot be loaded");
        return millis(std::chrono::steady_clock::now() - begun);
    });
    out.add(name + ": load", loaded, "ms");
    if (name == "memory") {
        const double resumed = median(e.repeats, [&] { return millis(bench::follow(shape, store, "long").cpu_time); });
        out.add("load and rebuild in memory, CPU", resumed, "ms", 20);
    }
}

/// Bytes and time that a turn costs the store, whatever the length of the run.
void measure_length(bench::report& out, const effort& e)
{
    std::vector<double> bytes;
    std::vector<double> times;
    for (const int turns : e.lengths) {
        run_shape shape{.turns = turns, .calls = 1, .message_bytes = 100, .result_bytes = 200};
        bench::store_load load;
        const auto store = std::make_shared<bench::measured_store>(std::make_shared<dedalus::memory_run_store>(), load);
        const finished_run done = bench::follow(shape, store, "run");
        bytes.push_back(static_cast<double>(load.bytes) / turns);
        times.push_back(micros(load.total()) / turns);
        const std::string of = " of " + std::to_string(turns);
        out.add("bytes written for a turn" + of, bytes.back(), "B");
        out.add("time of the store for a turn" + of, times.back(), "us");
        out.add("CPU of a turn" + of, micros(done.cpu_time) / turns, "us");
    }
    out.add("growth of the bytes for a turn, longest / shortest", bytes.back() / bytes.front(), "", 1.1);
}

void measure_loop(bench::report& out, const effort& e)
{
    const run_shape shape{.turns = 10, .calls = 1, .message_bytes = 100, .result_bytes = 200};
    const double plain =
        median(20 * e.repeats, [&shape] { return micros(bench::follow(shape).cpu_time) / shape.turns; });
    out.add("loop without a store, CPU of a turn with one call", plain, "us");
    const double stored = median(20 * e.repeats, [&shape] {
        return micros(bench::follow(shape, std::make_shared<dedalus::memory_run_store>(), "run").cpu_time) /
               shape.turns;
    });
    out.add("loop with a store in memory, CPU of a turn with one call", stored, "us");
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
    measure_store(out, full_sync ? "SQLite, full sync" : "SQLite, normal sync", store, e);
    store.reset();
    std::filesystem::remove_all(folder);
}
#endif

#ifdef DEDALUS_WITH_POSTGRES
void measure_postgres(bench::report& out, const effort& e)
{
    const test::postgres_server server(test::postgres_server::durability::full);
    boost::asio::thread_pool threads(1);
    const auto store = std::make_shared<dedalus::postgres_run_store>(threads.get_executor(), server.connection());
    wait_for([](store_ptr s) -> boost::asio::awaitable<bool> {
        co_await s->migrate();
        co_return true;
    }(store));
    measure_store(out, "PostgreSQL", store, e);
}
#endif

bench::report measure(const effort& e)
{
    bench::report out;
    measure_store(out, "memory", std::make_shared<dedalus::memory_run_store>(), e);
#ifdef DEDALUS_WITH_SQLITE
    measure_sqlite(out, e, true);
    measure_sqlite(out, e, false);
#endif
#ifdef DEDALUS_WITH_POSTGRES
    measure_postgres(out, e);
#endif
    measure_length(out, e);
    measure_loop(out, e);
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
