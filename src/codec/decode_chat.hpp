#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>

#include <string>
#include <string_view>

namespace dedalus::codec {

/// Reads the body of a unary answer; `info` is left to the caller. Throws response_format_error with `status`,
/// `content_type` and the first bytes of the text when it is not a JSON object or a member has a wrong type.
chat_completion decode_chat_completion(std::string_view text, int status = 0, const std::string& content_type = {});

/// Reads the data of a stream event. Throws response_format_error, without any of the text, as above.
/// Of an event that is an error (is_error_object), all members are in `extra`: it need not look like a chunk.
chat_completion_chunk decode_chat_chunk(std::string_view text);

}  // namespace dedalus::codec
