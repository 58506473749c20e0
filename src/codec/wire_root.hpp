#pragma once

#include "codec/wire_schema.hpp"

#include <boost/json/value.hpp>

namespace dedalus::codec {

/// read_struct() for the public conversions: throws response_format_error.
void read_root(const boost::json::value& from, void* object, const wire_schema& schema);

/// write_struct() for the public conversions: throws invalid_request_error.
void write_root(const void* object, const wire_schema& schema, boost::json::value& to);

}  // namespace dedalus::codec
