#pragma once

#include <dedalus/dialect.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace dedalus::codec {

/// Puts the members of a chat completions request into the form of the dialect (see <dedalus/dialect.hpp>).
/// @param as_given  members that stay as they are: what the caller wrote as JSON.
void apply_dialect(dialect to, boost::json::object& request, const boost::json::object& as_given);

/// What apply_dialect() does to one of the messages.
void apply_dialect_to_message(dialect to, boost::json::value& message);

}  // namespace dedalus::codec
