#pragma once

#include <dedalus/chat/deferred.hpp>

#include "protocol/deadlines.hpp"

#include <chrono>
#include <optional>

namespace dedalus::protocol {

/// When to ask again for a result that was not ready.
class poll_schedule
{
public:
    /// @param limit     when the caller gives up.
    /// @param hint_cap  a server's hint up to this is followed, even above max_wait.
    /// Throws config_error for options out of range.
    poll_schedule(const deferred_options& options, const deadline& limit, std::chrono::milliseconds hint_cap);

    /// The result was not ready: the wait before the next question, from `now` on. Nothing when it would not end
    /// before the limit. A hint out of its bounds counts as the bound.
    std::optional<std::chrono::milliseconds>
    next(std::chrono::steady_clock::time_point now, std::optional<std::chrono::milliseconds> retry_after);

private:
    deferred_options options_;
    std::chrono::milliseconds hint_cap_;
    deadline limit_;
    std::chrono::milliseconds wait_;  // the next one without a hint
};

}  // namespace dedalus::protocol
