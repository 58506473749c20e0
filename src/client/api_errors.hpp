#pragma once

#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>
#include <dedalus/response_info.hpp>

#include <cstddef>
#include <string_view>

namespace dedalus {

/// What an error of this answer carries besides what its body says.
api_error_details error_details(const response_info& info);

/// Throws the class of the status, with what the body says. The body is kept up to `max_bytes`.
/// @param cut     the body is not whole already.
/// @param server  static text, see api_error::server().
[[noreturn]] void throw_api_error(
    const response_info& info, std::string_view body, std::size_t max_bytes, bool cut, std::string_view server = {}
);

}  // namespace dedalus
