#pragma once

#include <dedalus/query_parameter.hpp>

#include <span>
#include <string>
#include <vector>

namespace dedalus::protocol {

/// `?name=value&...`, everything but unreserved characters percent-encoded; "" without parameters.
std::string query_text(std::span<const query_parameter> parameters);

/// `over`, behind those of `base` whose names it does not have.
std::vector<query_parameter> merged_query(std::vector<query_parameter> base, std::span<const query_parameter> over);

}  // namespace dedalus::protocol
