#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace dedalus::testing {

/// A small value that satisfies a simple JSON Schema: const, enum, default, type, required properties, minimum,
/// minItems, minLength, anyOf, oneOf and local `$ref`.
boost::json::value sample_json(const boost::json::object& schema);

}  // namespace dedalus::testing
