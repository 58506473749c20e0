#pragma once

#include "codec/json_path.hpp"

#include <boost/json/kind.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace dedalus::codec {

/// A JSON value and a wire type do not fit each other. Inside the codec only: what leaves it is a
/// response_format_error or an invalid_request_error with the same words, which hold the path and never a value.
class wire_error : public std::runtime_error
{
public:
    wire_error(const json_path& at, std::string_view problem);
};

/// `expected <expected>, got <kind>`.
std::string mismatch_text(std::string_view expected, boost::json::kind got);

/// Throws wire_error with mismatch_text().
[[noreturn]] void throw_mismatch(const json_path& at, std::string_view expected, boost::json::kind got);

}  // namespace dedalus::codec
