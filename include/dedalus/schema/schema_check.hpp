#pragma once

#include <dedalus/config.hpp>

#include <boost/json/object.hpp>

#include <functional>
#include <string>

namespace dedalus {

/// Checks objects by a JSON Schema, for tool_options::check of tools whose schema is written by hand. It gives what is
/// wrong first, with its JSON path, or "".
///
/// It knows what json_schema<T>() writes: `type`, `enum`, `const`, `required`, `properties`, `additionalProperties`,
/// `items`, `minimum`, `maximum`, `minLength`, `maxLength` (in code points), `minItems`, `maxItems`, `anyOf`, and
/// `$ref` to `#` and `#/$defs/name`. Other keywords allow anything, and so does a keyword whose value has the wrong
/// type. A number without a fraction is an integer. Nesting of objects and references above 128 is wrong.
DEDALUS_EXPORT std::function<std::string(const boost::json::object&)> schema_check(boost::json::object schema);

}  // namespace dedalus
