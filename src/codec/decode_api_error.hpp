#pragma once

#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>

#include <boost/json/object.hpp>

#include <string_view>

namespace dedalus::codec {

/// Fills `message`, `api_code`, `type`, `param` and `validation` from the body of an error answer; `details.status`
/// is set before. Takes every body: what has no known shape becomes the message, shortened; of markup and of an
/// empty body it is `HTTP <status>`.
void decode_api_error(std::string_view body, api_error_details& details);

/// Whether the object carries an error: a member `error` other than null, false, 0 and "".
bool is_error_object(const boost::json::object& object);

}  // namespace dedalus::codec
