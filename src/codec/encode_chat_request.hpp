#pragma once

#include <dedalus/chat/request.hpp>
#include <dedalus/dialect.hpp>

#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>

#include <string>
#include <string_view>

namespace dedalus::codec {

/// The body of a chat completions request. `stream` decides the member of that name, whatever `extra` holds, and
/// without it `stream_options` is left out. `format`, when not null, takes the place of `response_format`.
/// `deferred_calls_raw` goes in as it is. Members of `extra` are not changed by the dialect. Throws
/// invalid_request_error for what JSON cannot hold, and when `deferred_calls_raw` is not a JSON array.
std::string encode_chat_request(
    const chat_completion_request& request, bool stream, dialect to, const response_format* format = nullptr
);

// The two steps of it, for those who change the members before they become text.

/// All members but `deferred_calls_raw`. Throws invalid_request_error for what JSON cannot hold, and for a stream with
/// `deferred: true`: a deferred completion is no stream.
boost::json::object chat_request_members(
    const chat_completion_request& request,
    bool stream,
    dialect to,
    const response_format* format,
    boost::json::storage_ptr storage
);

/// The text of the members and of `deferred_calls_raw`. Throws invalid_request_error when that is not a JSON array.
std::string chat_request_text(boost::json::object& members, std::string_view deferred_calls_raw);

}  // namespace dedalus::codec
