#pragma once

#include <dedalus/chat/accumulator.hpp>
#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/events.hpp>
#include <dedalus/config.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace dedalus {

/// Adds up the chunks of a stream as chat_completion_accumulator does, and tells the events of each. Needs no client:
/// for recorded streams, and for streams of other clients. The events of a stream of this client are
/// chat_completion_events.
///
/// Not thread-safe; distinct objects are independent.
class DEDALUS_EXPORT chat_completion_event_accumulator
{
public:
    /// @param max_bytes  as of chat_completion_accumulator.
    explicit chat_completion_event_accumulator(
        chat_event_options options = {}, std::size_t max_bytes = 64 * 1024 * 1024
    );
    ~chat_completion_event_accumulator();
    chat_completion_event_accumulator(chat_completion_event_accumulator&&) noexcept;
    chat_completion_event_accumulator& operator=(chat_completion_event_accumulator&&) noexcept;

    /// Adds a chunk and gives its events, valid until the next add() or finish(). Cost is linear in the size of the
    /// chunk. Throws as chat_completion_accumulator::add() does; then there are no events.
    const std::vector<chat_completion_event>& add(chat_completion_chunk chunk);

    /// Ends the stream: the `done` events of what is still open. Nothing the second time.
    const std::vector<chat_completion_event>& finish();

    /// What the chunks add up to so far.
    const chat_completion_accumulator& accumulated() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace dedalus
