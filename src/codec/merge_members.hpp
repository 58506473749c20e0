#pragma once

#include <boost/json/object.hpp>

namespace dedalus::codec {

/// Puts the members of `from` into `members`, in place of those of the same name; null is a value like any other.
/// Throws invalid_request_error for what JSON cannot hold, for `stream`, and for a stream with `deferred: true`.
void merge_members(boost::json::object& members, const boost::json::object& from, bool stream);

}  // namespace dedalus::codec
