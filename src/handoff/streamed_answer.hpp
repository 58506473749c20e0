#pragma once

#include <dedalus/call_options.hpp>
#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/client.hpp>

#include "handoff/early_feed.hpp"
#include "handoff/run_event_queue.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace dedalus::handoff_engine {

/// Sends the request with `stream: true` and gives the whole answer, as a unary request would. What comes goes into the
/// queue at once, and no more is read while that is full; chunks go to `early`, too, unless it is null. Throws as
/// client::chat_completions_stream() and next() of the stream, and what handoff_core::call_pieces and check_whole() do.
/// Takes what it needs of the request before it returns.
/// @param events  null: nobody watches
boost::asio::awaitable<chat_completion> streamed_answer(
    const client& c,
    const chat_completion_request& request,
    const call_options& options,
    std::shared_ptr<run_event_queue> events,
    std::shared_ptr<early_feed> early
);

/// What a chunk tells whoever watches; only its first choice counts.
std::vector<run_event> events_of(const chat_completion_chunk& chunk);

}  // namespace dedalus::handoff_engine
