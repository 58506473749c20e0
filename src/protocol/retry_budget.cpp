#include "protocol/retry_budget.hpp"

#include <algorithm>

namespace dedalus::protocol {

retry_budget::retry_budget(const retry_budget_options& options) : options_(options) {}

void retry_budget::add_call(time_point now)
{
    ++at(now).calls;
}

bool retry_budget::take(time_point now)
{
    counts& current = at(now);
    std::uint64_t calls = 0;
    std::uint64_t retries = 0;
    for (const counts& each : counts_) {
        if (each.step <= newest_ - static_cast<std::int64_t>(steps))
            continue;
        calls += each.calls;
        retries += each.retries;
    }
    const double allowed = std::max(static_cast<double>(options_.minimum), options_.share * static_cast<double>(calls));
    if (static_cast<double>(retries) + 1.0 > allowed)
        return false;
    ++current.retries;
    return true;
}

// The counts of the step of `now`, begun anew when the place was that of an older step.
retry_budget::counts& retry_budget::at(time_point now)
{
    const auto length = std::max<std::chrono::nanoseconds::rep>(
        1, std::chrono::nanoseconds(options_.window).count() / static_cast<std::int64_t>(steps)
    );
    newest_ = std::max(newest_, std::chrono::nanoseconds(now.time_since_epoch()).count() / length);
    counts& place = counts_[static_cast<std::size_t>(newest_) % steps];
    if (place.step != newest_)
        place = {newest_, 0, 0};
    return place;
}

}  // namespace dedalus::protocol
