#include "protocol/poll_schedule.hpp"

#include <dedalus/error.hpp>

#include <algorithm>

namespace dedalus::protocol {

namespace {

using std::chrono::milliseconds;
using time_point = std::chrono::steady_clock::time_point;

constexpr std::chrono::hours longest_wait(24);

const deferred_options& checked(const deferred_options& options)
{
    if (options.first_wait < milliseconds(1))
        throw config_error("deferred_options::first_wait must be at least 1 ms");
    if (options.max_wait < options.first_wait)
        throw config_error("deferred_options::max_wait must not be below first_wait");
    if (options.max_wait > longest_wait)
        throw config_error("deferred_options::max_wait must not be above 24 hours");
    if (!(options.factor >= 1.0))
        throw config_error("deferred_options::factor must be at least 1");
    if (options.deadline <= milliseconds::zero())
        throw config_error("deferred_options::deadline must be positive; dedalus::no_limit switches it off");
    return options;
}

milliseconds grown(milliseconds wait, const deferred_options& options)
{
    // A product that overflows is infinite, which min() cuts.
    const double longer = static_cast<double>(wait.count()) * options.factor;
    return milliseconds(static_cast<milliseconds::rep>(std::min(longer, static_cast<double>(options.max_wait.count())))
    );
}

}  // namespace

poll_schedule::poll_schedule(const deferred_options& options, const deadline& limit, milliseconds hint_cap)
    : options_(checked(options)), hint_cap_(std::max(hint_cap, options.max_wait)), limit_(limit),
      wait_(options.first_wait)
{}

std::optional<milliseconds> poll_schedule::next(time_point now, std::optional<milliseconds> retry_after)
{
    milliseconds wait = wait_;
    wait_ = grown(wait_, options_);
    if (retry_after)
        wait = std::clamp(*retry_after, options_.first_wait, hint_cap_);
    if (add_limit(now, wait) >= limit_.at && !limit_.unlimited())
        return std::nullopt;
    return wait;
}

}  // namespace dedalus::protocol
