#pragma once

#include <dedalus/client_options.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dedalus::protocol {

/// Counts the calls and retries of the last window, and says whether one more retry fits. The window moves in ten
/// steps, so memory is constant. Times must not go back; one that does counts as the latest.
class retry_budget
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit retry_budget(const retry_budget_options& options);

    /// A call begins.
    void add_call(time_point now);

    /// Whether another retry may be made; counts it if so.
    bool take(time_point now);

private:
    static constexpr std::size_t steps = 10;

    struct counts
    {
        std::int64_t step = -1;
        std::uint64_t calls = 0;
        std::uint64_t retries = 0;
    };

    counts& at(time_point now);

    retry_budget_options options_;
    std::int64_t newest_ = 0;
    std::array<counts, steps> counts_{};
};

}  // namespace dedalus::protocol
