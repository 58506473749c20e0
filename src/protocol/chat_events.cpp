#include "protocol/chat_events.hpp"

#include "protocol/accumulator_access.hpp"

#include <cstddef>

namespace dedalus::protocol {

void chat_events::add(const chat_completion_chunk& chunk, const chat_completion_accumulator& whole)
{
    clear();
    const chunk_trace& trace = accumulator_access::trace(whole);
    if (trace.began_answer)
        choices_.clear();
    for (std::size_t i = 0; i < trace.choices.size(); ++i) {
        const chunk_choice& piece = chunk.choices[i];
        if (trace.choices[i].began_segment)
            choices_.erase(piece.index);
        choice_events& choice = choices_.try_emplace(piece.index, piece.index, options_).first->second;
        choice.prepare(piece, *accumulator_access::choice(whole, piece.index));
    }

    batch_.events.emplace_back(chunk_event{.chunk = &chunk});
    for (std::size_t i = 0; i < trace.choices.size(); ++i) {
        const chunk_choice& piece = chunk.choices[i];
        const choice_accumulator& choice = *accumulator_access::choice(whole, piece.index);
        choices_.at(piece.index).add_deltas(piece, trace.choices[i], choice, batch_);
    }
    add_dones(whole);
}

void chat_events::finish(const chat_completion_accumulator& whole)
{
    clear();
    for (auto& [index, events] : choices_)
        events.end();
    add_dones(whole);
}

void chat_events::add_dones(const chat_completion_accumulator& whole)
{
    for (auto& [index, events] : choices_) {
        // None when the chunk that began a new answer was too much for the accumulator.
        if (const choice_accumulator* const choice = accumulator_access::choice(whole, index))
            events.add_dones(*choice, batch_);
    }
}

}  // namespace dedalus::protocol
