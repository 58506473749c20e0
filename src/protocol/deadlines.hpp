#pragma once

#include <dedalus/error.hpp>

#include <chrono>

namespace dedalus::protocol {

/// When something has to be over, and what is reported when it is not.
struct deadline
{
    call_phase phase;                             ///< what timeout_error::phase() says
    std::chrono::steady_clock::time_point start;  ///< when the limit began to count
    std::chrono::steady_clock::time_point at;     ///< time_point::max(): never

    bool unlimited() const noexcept { return at == std::chrono::steady_clock::time_point::max(); }

    bool operator==(const deadline&) const = default;
};

/// `start + limit`, or time_point::max() when the limit is `no_limit` or the sum cannot be represented.
std::chrono::steady_clock::time_point
add_limit(std::chrono::steady_clock::time_point start, std::chrono::milliseconds limit) noexcept;

/// The deadline of one phase that began at `start`.
deadline
phase_deadline(call_phase phase, std::chrono::steady_clock::time_point start, std::chrono::milliseconds limit) noexcept;

/// The one that comes first; `limit` of the phase when both come at the same time.
deadline earliest(const deadline& limit, const deadline& total) noexcept;

}  // namespace dedalus::protocol
