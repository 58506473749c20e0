#pragma once

#include <dedalus/chat/request.hpp>
#include <dedalus/dialect.hpp>

#include <string>

namespace dedalus::codec {

/// The body of a chat completions request. `stream` decides the member of that name, whatever `extra` holds, and
/// without it `stream_options` is left out. `format`, when not null, takes the place of `response_format`.
/// `deferred_calls_raw` goes in as it is. Members of `extra` are not changed by the dialect. Throws
/// invalid_request_error for what JSON cannot hold, and when `deferred_calls_raw` is not a JSON array.
std::string encode_chat_request(
    const chat_completion_request& request, bool stream, dialect to, const response_format* format = nullptr
);

}  // namespace dedalus::codec
