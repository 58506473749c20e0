#pragma once

#include "codec/json_depth.hpp"

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string_view>

namespace dedalus::codec {

/// Parses strict JSON text, exact in every number that a double or an integer of 64 bits can hold, and nested at most
/// `max_depth` deep, which bounds the recursion of all that reads the value. null when `ec` is set.
boost::json::value parse_json(
    std::string_view text,
    boost::system::error_code& ec,
    boost::json::storage_ptr storage = {},
    std::size_t max_depth = max_json_depth
);

}  // namespace dedalus::codec
