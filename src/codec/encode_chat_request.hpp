#pragma once

#include <dedalus/chat/message.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/dialect.hpp>

#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace dedalus::codec {

/// The body of a chat completions request. `stream` decides the member of that name, whatever `extra` holds, and
/// without it `stream_options` is left out. `format`, when not null, takes the place of `response_format`.
/// `deferred_calls_raw` and `messages_raw` go in as they are. Members of `extra` are not changed by the dialect. Throws
/// invalid_request_error for what JSON cannot hold, and when `deferred_calls_raw` or `messages_raw` is not a JSON
/// array.
std::string encode_chat_request(
    const chat_completion_request& request, bool stream, dialect to, const response_format* format = nullptr
);

// The two steps of it, for those who change the members before they become text.

/// All members but the raw ones. Throws invalid_request_error for what JSON cannot hold, and for a stream with
/// `deferred: true`: a deferred completion is no stream.
boost::json::object chat_request_members(
    const chat_completion_request& request,
    bool stream,
    dialect to,
    const response_format* format,
    boost::json::storage_ptr storage
);

/// What goes into a body byte for byte; empty: nothing.
struct raw_parts
{
    std::string_view messages{};
    std::string_view deferred_calls{};
};

/// Those of a request.
raw_parts raw_parts_of(const chat_completion_request& request);

/// The text of the members and of the raw ones. Throws invalid_request_error when one of those is not a JSON array.
std::string chat_request_text(boost::json::object& members, const raw_parts& raw);

/// The text of a body around that of its messages.
struct chat_request_frame
{
    std::string before{};
    std::string after{};
};

/// chat_request_text() of a request that has its messages as `messages_raw` is this text around them.
chat_request_frame encode_chat_request_frame(const chat_completion_request& request, bool stream, dialect to);

/// The text of a message as the element of `messages` at `index`. Throws invalid_request_error for what JSON cannot
/// hold.
std::string encode_message(const message& one, std::size_t index, dialect to);

}  // namespace dedalus::codec
