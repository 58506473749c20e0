#pragma once

#include "codec/json_path.hpp"

#include <boost/json/value.hpp>

#include <cstddef>

namespace dedalus::codec {

/// How deep JSON may be nested, read and written: a list of numbers is nested 1 deep. Copying, writing and destroying
/// a JSON value takes stack in proportion to its depth; schemas of real requests stay below 40.
inline constexpr std::size_t max_json_depth = 128;

/// Throws wire_error when an array or an object at this place would be nested too deep.
void check_depth(const json_path& at);

/// Throws wire_error, with the place, when something in `value`, which is at `at`, is nested too deep.
void check_depth(const boost::json::value& value, const json_path& at);

}  // namespace dedalus::codec
