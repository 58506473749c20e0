#pragma once

#include <dedalus/stores/run_store.hpp>

#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/run_coro.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace test {

/// What writers were told to be durable.
struct durable_work
{
    std::int64_t last_entry = 0;
    std::set<std::string> finishes{};
    std::vector<std::string> complaints{};

    void note(const std::string& line)
    {
        if (line.starts_with("entry "))
            last_entry = std::max<std::int64_t>(last_entry, std::stoll(line.substr(6)));
        else if (line.starts_with("finish "))
            finishes.insert(line.substr(7));
        else
            complaints.push_back(line);
    }
};

/// Starts two writers that fight over a run, and kills both after a random time, again and again.
inline durable_work kill_writers(const std::string& kind, const std::string& where, int times)
{
    durable_work done;
    std::mt19937 random(20260501);
    for (int i = 0; i < times; ++i) {
        std::vector<std::unique_ptr<child_process>> writers;
        const std::string owners[] = {"a", "b"};
        for (const std::string& owner : owners) {
            std::vector<std::string> command = {DEDALUS_STORE_WRITER, kind, where, "order-1", owner};
            writers.push_back(std::make_unique<child_process>(std::move(command)));
        }
        done.note(writers[random() % 2]->read_line());
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 40000));
        for (const auto& writer : writers)
            writer->kill();
        for (const auto& writer : writers) {
            try {
                for (;;)
                    done.note(writer->read_line());
            }
            catch (const std::runtime_error&) {
                // The end of what it wrote.
            }
        }
    }
    return done;
}

/// The run that the writers work on.
inline void create_run_for_writers(dedalus::run_store& store)
{
    dedalus::stores::create_request request;
    request.run_id = "order-1";
    request.head.bytes = "{}";
    request.op_id = "create";
    run_coro(store.create(std::move(request)));
}

/// Everything that was durable is there, the log is whole, and nobody else's commit came in between.
inline void check_work(const durable_work& done, const dedalus::stores::load_result& loaded)
{
    CHECK(done.complaints == std::vector<std::string>());
    REQUIRE(loaded.outcome == dedalus::stores::load_outcome::loaded);
    CHECK(done.last_entry > 0);
    CHECK(loaded.run.last_seq >= done.last_entry);
    CHECK(loaded.run.rev == loaded.run.last_seq + 1);
    std::set<std::string> kept;
    for (const auto& record : loaded.run.calls)
        kept.insert(record.key.call_id);
    CHECK(std::ranges::includes(kept, done.finishes));
}

}  // namespace test
