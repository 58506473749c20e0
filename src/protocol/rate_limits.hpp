#pragma once

#include <dedalus/http_headers.hpp>
#include <dedalus/rate_limits.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace dedalus::protocol {

/// What the headers `x-ratelimit-*` say; what cannot be read is left empty.
rate_limits parse_rate_limits(const http_headers& headers);

/// A duration of numbers with units h, m, s and ms, such as `6m0s`, `1.5s` and `12ms`, or a number of seconds alone;
/// fractions are rounded up to a millisecond. Nothing when it is not of this form or above 1000 days.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace dedalus::protocol
