#pragma once

#include <dedalus/handoff/run_result.hpp>
#include <dedalus/stores/run_store.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace bench {

/// A run of so many turns with calls, and a last one without. Its server and its tools answer at once, in this process.
struct run_shape
{
    int turns = 100;
    int calls = 3;                    ///< of each turn, at once
    std::size_t message_bytes = 800;  ///< of the text beside the calls
    std::size_t result_bytes = 4096;  ///< of each result
};

struct finished_run
{
    dedalus::run_result result{};
    std::size_t payload_bytes = 0;        ///< answers as they came, and results
    std::chrono::nanoseconds cpu_time{};  ///< of the process: the threads of a store are in it
    std::chrono::nanoseconds wall_time{};
};

/// To its end, with a store; the same id again gives the stored result.
finished_run follow(const run_shape& shape, std::shared_ptr<dedalus::run_store> store, const std::string& run_id);

/// To its end, without a store.
finished_run follow(const run_shape& shape);

}  // namespace bench
