#pragma once

#include <dedalus/call_options.hpp>

#include <span>
#include <string>

namespace dedalus::protocol {

/// `?name=value&...`, everything but unreserved characters percent-encoded; "" without parameters.
std::string query_text(std::span<const query_parameter> parameters);

}  // namespace dedalus::protocol
