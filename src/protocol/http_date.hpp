#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace dedalus::protocol {

/// The three forms of a date of RFC 9110, section 5.6.7: IMF-fixdate, RFC 850 and asctime. Nothing when the text has
/// none of them or names a day or time that does not exist; that the weekday fits the date is not asked for.
/// @param now  resolves the two digits of an RFC 850 year: a date more than 50 years ahead lies in the century before.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now);

}  // namespace dedalus::protocol
