#pragma once

#include <dedalus/chat/chunk.hpp>

#include "protocol/event_batch.hpp"
#include "protocol/partial_json.hpp"
#include "protocol/tool_call_accumulator.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace dedalus::protocol {

/// The events of the tool calls of one choice. Only function calls have events.
class call_events
{
public:
    /// The deltas of the pieces of a chunk. `whole` is what there is after the chunk. Returns whether a call began.
    bool add_deltas(
        std::int64_t choice_index,
        const std::vector<tool_call_delta>& pieces,
        const std::vector<tool_call_accumulator::trace>& traces,
        const tool_call_accumulator& whole,
        event_batch& batch
    );

    /// `done` of every open call, at the end of the choice.
    void add_all_dones(std::int64_t choice_index, const tool_call_accumulator& whole, event_batch& batch);

    /// `done` of the open calls but for the newest, after which a call began. A call whose arguments are cut JSON stays
    /// open: some servers send their calls interleaved.
    void add_dones_but_newest(std::int64_t choice_index, const tool_call_accumulator& whole, event_batch& batch);

    /// Whether there was a call of any kind.
    bool empty() const noexcept { return calls_.empty(); }

private:
    struct call_state
    {
        partial_json json;
        bool announced = false;
        bool done = false;
    };

    static void add_delta(
        std::int64_t choice_index,
        const tool_call_delta& piece,
        const tool_call_accumulator::trace& trace,
        const tool_call_accumulator& whole,
        call_state& state,
        event_batch& batch
    );
    static void add_done(
        std::int64_t choice_index, const tool_call_accumulator::call_view& call, call_state& state, event_batch& batch
    );

    std::map<std::size_t, call_state> calls_{};  // by number, so in the order in which they began
};

}  // namespace dedalus::protocol
