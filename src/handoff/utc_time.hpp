#pragma once

#include <dedalus/stores/records.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dedalus::handoff_core {

/// RFC 3339 in UTC: "2026-05-01T10:00:04Z", with six digits of fraction when there is one. Years 0000 to 9999; others
/// become the nearest of these.
std::string to_utc_text(stores::time_point time);

/// The time of such a text; with one to six digits of fraction, without an offset or a leap second.
std::optional<stores::time_point> from_utc_text(std::string_view text);

/// Whether the clock of the system can be at that time: some 280 years around 1970. Stored times may lie outside.
constexpr bool is_time_of_system(stores::time_point time) noexcept
{
    constexpr std::chrono::microseconds most = std::chrono::hours(280 * 365 * 24);
    return time.time_since_epoch() <= most && time.time_since_epoch() >= -most;
}

}  // namespace dedalus::handoff_core
