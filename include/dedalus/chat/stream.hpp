#pragma once

#include <dedalus/boxed_optional.hpp>
#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/chat/stream_latency.hpp>
#include <dedalus/config.hpp>
#include <dedalus/parsed_completion.hpp>
#include <dedalus/response_info.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace dedalus {

struct chat_stream_access;

/// The chunks of a streamed answer, pulled one at a time: nothing is read from the socket before it is asked for.
/// The stream owns its connection. Destroying it before its end closes the socket at once; after its end the
/// connection goes back to the pool of the client. It may outlive the client.
///
/// Thread safety: cancel() may be called from any thread while the object lives; everything else from one coroutine
/// at a time.
class DEDALUS_EXPORT chat_completion_stream
{
public:
    class impl;

    /// Made by client::chat_completions_stream().
    explicit chat_completion_stream(std::shared_ptr<impl> state);
    ~chat_completion_stream();
    chat_completion_stream(chat_completion_stream&&) noexcept;
    chat_completion_stream& operator=(chat_completion_stream&&) noexcept;

    /// The next chunk, or nothing at the end of the answer (`data: [DONE]`, or the end of the body once every choice
    /// has a finish reason). It comes on the heap, one pointer to move; converts to a std::optional.
    ///
    /// Throws, once, after which further calls give nothing: api_error for an error event, response_format_error for
    /// malformed events, incomplete_stream_error when the body ends too early, connection_error when the connection
    /// breaks, timeout_error (first_event, stream_idle, total), error with errc::operation_in_progress when another
    /// next() is pending. Chunks delivered before stay valid.
    /// Cancellation: terminal; throws error with asio::error::operation_aborted and closes the socket.
    boost::asio::awaitable<boxed_optional<chat_completion_chunk>> next();

    /// What the chunks delivered so far add up to; after the end, the whole answer with `info`.
    chat_completion completion() const;

    /// The whole answer with its choices read as T by the rules of parse_completion(), which see for what it throws.
    /// The request must have asked for it: `request.response_format = response_format_for<T>()`.
    /// Throws error with errc::operation_in_progress before next() has given the end, and incomplete_stream_error when
    /// the stream failed or was cancelled.
    template <class T>
    parsed_completion<T> parsed() const
    {
        return parse_completion<T>(whole_completion());
    }

    /// What came in the segments before the last one: see chat_completion_accumulator::earlier_messages().
    const std::vector<assistant_message>& earlier_messages() const noexcept;

    /// Whether the stream has come to its end marker (`data: [DONE]`). A body that ends without it can be a whole
    /// answer, too: see next(). An answer that came as one JSON document has no need of a marker, and gives true.
    bool got_end_marker() const noexcept;

    /// Status, headers, request id, retries and timings; there as soon as the stream is.
    const response_info& info() const noexcept;

    /// How long the last next() waited for the server.
    const stream_latency& latency() const noexcept;

    /// Ends a pending or the next next() with asio::error::operation_aborted and closes the connection. Idempotent,
    /// does not block, may be called from any thread.
    void cancel() noexcept;

private:
    friend struct chat_stream_access;
    chat_completion whole_completion() const;

    std::shared_ptr<impl> impl_;
};

}  // namespace dedalus
