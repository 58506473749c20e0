#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/client_options.hpp>
#include <dedalus/response_info.hpp>

#include <string_view>

namespace dedalus {

/// Reads the JSON body of a 2xx answer. Throws api_error when it is an error object in spite of its status, and
/// response_format_error, with the head of the body, when it is no completion. `info` of the result is not filled.
chat_completion read_completion(std::string_view body, const response_info& info, const limit_options& limits);

}  // namespace dedalus
