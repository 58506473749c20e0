#include "protocol/call_events.hpp"

#include <dedalus/chat/events.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace dedalus::protocol {

bool call_events::add_deltas(
    std::int64_t choice_index,
    const std::vector<tool_call_delta>& pieces,
    const std::vector<tool_call_accumulator::trace>& traces,
    const tool_call_accumulator& whole,
    event_batch& batch
)
{
    bool began = false;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const auto [entry, is_new] = calls_.try_emplace(traces[i].call);
        began = began || is_new;
        add_delta(choice_index, pieces[i], traces[i], whole, entry->second, batch);
    }
    return began;
}

void call_events::add_all_dones(std::int64_t choice_index, const tool_call_accumulator& whole, event_batch& batch)
{
    for (auto& [number, state] : calls_) {
        if (const auto call = whole.find(number))
            add_done(choice_index, *call, state, batch);
    }
}

void call_events::add_dones_but_newest(
    std::int64_t choice_index, const tool_call_accumulator& whole, event_batch& batch
)
{
    for (auto& [number, state] : calls_) {
        const bool is_newest = number == calls_.rbegin()->first;
        const bool is_cut = !state.json.complete() && !state.json.failed();
        if (is_newest || is_cut)
            continue;
        if (const auto call = whole.find(number))
            add_done(choice_index, *call, state, batch);
    }
}

void call_events::add_delta(
    std::int64_t choice_index,
    const tool_call_delta& piece,
    const tool_call_accumulator::trace& trace,
    const tool_call_accumulator& whole,
    call_state& state,
    event_batch& batch
)
{
    const std::optional<tool_call_accumulator::call_view> call = whole.find(trace.call);
    if (!call || !call->is_function)
        return;
    std::string_view delta;
    if (piece.function && piece.function->arguments)
        delta = *piece.function->arguments;
    if (delta.empty() && state.announced)
        return;
    const std::string_view arguments = call->text.substr(0, trace.text_size);
    if (!state.done)
        state.json.push_rest_of(arguments);
    state.announced = true;
    batch.events.emplace_back(arguments_delta_event{
        .choice_index = choice_index,
        .tool_index = call->index,
        .id = call->id,
        .name = call->name,
        .arguments = arguments,
        .arguments_delta = delta,
        .parsed_arguments = state.json.value(),
    });
}

void call_events::add_done(
    std::int64_t choice_index, const tool_call_accumulator::call_view& call, call_state& state, event_batch& batch
)
{
    if (!state.announced || std::exchange(state.done, true))
        return;
    batch.events.emplace_back(arguments_done_event{
        .choice_index = choice_index,
        .tool_index = call.index,
        .id = call.id,
        .name = call.name,
        .arguments = call.text,
        .parsed_arguments = batch.finish(std::exchange(state.json, partial_json())),
    });
}

}  // namespace dedalus::protocol
