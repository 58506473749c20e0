#pragma once

#include <dedalus/chat/accumulator.hpp>
#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/events.hpp>

#include "protocol/choice_events.hpp"
#include "protocol/event_batch.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace dedalus::protocol {

/// The events of the chunks of a stream, whose rules stand in <dedalus/chat/events.hpp>. It merges nothing: it looks at
/// the accumulator that has just added the chunk.
class chat_events
{
public:
    explicit chat_events(chat_event_options options) : options_(options) {}

    /// The events of the last chunk or end; views that are valid until the next call of anything here, while the chunk
    /// and the accumulator stay as they are.
    const std::vector<chat_completion_event>& events() const noexcept { return batch_.events; }

    /// Forgets the events, before what they show goes away.
    void clear() { batch_.clear(); }

    /// Makes the events of a chunk. `whole` has added the chunk, and nothing after it.
    void add(const chat_completion_chunk& chunk, const chat_completion_accumulator& whole);

    /// Makes the events of the end of the stream.
    void finish(const chat_completion_accumulator& whole);

private:
    void add_dones(const chat_completion_accumulator& whole);

    chat_event_options options_;
    std::map<std::int64_t, choice_events> choices_{};
    event_batch batch_{};
};

}  // namespace dedalus::protocol
