#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/events.hpp>
#include <dedalus/chat/stream.hpp>
#include <dedalus/config.hpp>
#include <dedalus/response_info.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace dedalus {

/// The events of a streamed answer, pulled one at a time. Nothing is read from the socket before an event needs it.
///
/// Thread safety and life time are those of the stream that it owns: cancel() may be called from any thread, everything
/// else from one coroutine at a time; destroying it before its end closes the socket at once.
class DEDALUS_EXPORT chat_completion_events
{
public:
    /// Takes the stream over. Of chunks that were already taken from it there are no events.
    explicit chat_completion_events(chat_completion_stream stream, chat_event_options options = {});
    ~chat_completion_events();
    chat_completion_events(chat_completion_events&&) noexcept;
    chat_completion_events& operator=(chat_completion_events&&) noexcept;

    /// The next event, or nothing at the end of the answer. The event is a view, valid until the next call.
    ///
    /// Throws what chat_completion_stream::next() throws, once, after the events of the chunks before; then further
    /// calls give nothing, and what was open gets no `done` event. Cancellation: as of that function.
    boost::asio::awaitable<std::optional<chat_completion_event>> next();

    /// What the chunks delivered so far add up to; after the end, the whole answer with `info`. A chunk counts from its
    /// first event on.
    chat_completion completion() const;

    /// Status, headers, request id, retries and timings.
    const response_info& info() const noexcept;

    /// Ends a pending next(), or the next one that needs the connection, with asio::error::operation_aborted and closes
    /// the connection. Idempotent, does not block, may be called from any thread.
    void cancel() noexcept;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace dedalus
