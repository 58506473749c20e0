#pragma once

#include <dedalus/dialect.hpp>

#include <boost/json/object.hpp>

namespace dedalus::codec {

/// Puts the members of a chat completions request into the form of the dialect (see <dedalus/dialect.hpp>).
/// @param as_given  members that stay as they are: what the caller wrote as JSON.
void apply_dialect(dialect to, boost::json::object& request, const boost::json::object& as_given);

}  // namespace dedalus::codec
