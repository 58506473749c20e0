#pragma once

#include "testing/validation_report.hpp"

#include <boost/json/value.hpp>

namespace dedalus::testing {

/// Checks a request body against the schema of `POST /v1/chat/completions`: wire types, required keys, ranges, words.
/// Looks at each value alone; what belongs together is checked by conversation_rules.hpp.
void check_request_schema(const boost::json::value& body, validation_report& report);

}  // namespace dedalus::testing
