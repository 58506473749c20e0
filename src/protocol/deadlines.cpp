#include "protocol/deadlines.hpp"

namespace dedalus::protocol {

using clock = std::chrono::steady_clock;

clock::time_point add_limit(clock::time_point start, std::chrono::milliseconds limit) noexcept
{
    // `no_limit` in the clock's finer unit does not fit, so the room is compared in milliseconds. A start before the
    // epoch leaves more room than can be represented; counting it from the epoch is exact enough.
    const auto room = std::chrono::floor<std::chrono::milliseconds>(
        start.time_since_epoch().count() > 0 ? clock::time_point::max() - start : clock::duration::max()
    );
    return limit >= room ? clock::time_point::max() : start + limit;
}

deadline phase_deadline(call_phase phase, clock::time_point start, std::chrono::milliseconds limit) noexcept
{
    return {phase, start, add_limit(start, limit)};
}

deadline earliest(const deadline& limit, const deadline& total) noexcept
{
    return total.at < limit.at ? total : limit;
}

}  // namespace dedalus::protocol
