#pragma once

#include <dedalus/api_error.hpp>
#include <dedalus/boxed_optional.hpp>
#include <dedalus/chat/accumulator.hpp>
#include <dedalus/chat/chunk.hpp>
#include <dedalus/error.hpp>

#include "codec/chunk_decoder.hpp"
#include "protocol/event_stream_parser.hpp"

#include <cstddef>
#include <string_view>

namespace dedalus::protocol {

struct chat_stream_options
{
    std::size_t max_event_bytes = 0;
    std::size_t max_completion_bytes = 0;
    bool tolerate_missing_done = false;
    std::size_t max_error_body_bytes = 1024 * 1024;  ///< of an error event, in api_error::body()
};

/// Makes chunks out of the body of a streamed answer. An event is decoded when it is pulled, never ahead.
///
/// Data that is exactly `[DONE]` ends the answer, whatever the event name, and nothing after it is looked at. An event
/// named `error`, and data with an `error` member (see codec::is_error_object), is an api_error. An event of any other
/// name counts when its data is a chunk: an object with `choices`, or with "chat.completion.chunk" as its `object`.
class chat_stream_decoder
{
public:
    /// @param error_base  status, headers and request id of the answer, for the errors inside the stream.
    chat_stream_decoder(chat_stream_options options, api_error_details error_base);

    /// Gives the next bytes. They are viewed, and must stay valid until next() has returned nothing.
    /// Precondition: starved().
    void feed(std::string_view body);

    /// Goes to the next chunk; false when more bytes are needed, or when done(). Throws api_error (in_stream) for an
    /// error event and response_format_error for malformed data or a passed limit; then the decoder is done.
    bool next();

    /// The chunk that next() went to; once. Never empty.
    boxed_optional<chat_completion_chunk> take() { return chunks_.take(); }

    /// Whether next() would give nothing, because all bytes were looked at.
    bool starved() const noexcept { return parser_.starved(); }

    /// Whether the end marker, an error, or finish() ended the answer.
    bool done() const noexcept { return done_; }

    /// Whether it was the end marker.
    bool got_end_marker() const noexcept { return got_end_marker_; }

    /// The body ended as HTTP says it should. Returns when the answer is complete even so: every choice has a finish
    /// reason, or there was a chunk and a missing end marker is tolerated. Else throws incomplete_stream_error, once.
    void finish();

    /// What the chunks given out add up to.
    const chat_completion_accumulator& accumulated() const noexcept { return accumulator_; }

private:
    bool decode(const server_event& event);
    [[noreturn]] void fail(std::string_view error_body);
    [[noreturn]] void fail(const response_format_error& e);

    chat_stream_options options_;
    api_error_details error_base_;
    event_stream_parser parser_;
    codec::chunk_decoder chunks_;
    chat_completion_accumulator accumulator_;
    bool got_chunk_ = false;
    bool done_ = false;
    bool got_end_marker_ = false;
};

}  // namespace dedalus::protocol
