#pragma once

#include <dedalus/logger.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dedalus::protocol {

/// `dedalus warn retry call=7 attempt=1 error="..."` with a line feed at its end. A value with anything but letters,
/// digits and harmless marks is quoted, and control characters, quotes and backslashes in it are escaped, so that no
/// server can forge a line.
std::string log_line(log_level level, std::string_view event, std::span<const log_field> fields);

/// The level of this name, whatever its case.
std::optional<log_level> parse_log_level(std::string_view name) noexcept;

}  // namespace dedalus::protocol
