#include "handoff/early_call_finder.hpp"

#include <string>
#include <utility>
#include <variant>

namespace dedalus::handoff_core {

namespace {

requested_call call_of(const arguments_done_event& done)
{
    function_tool_call call;
    call.id = done.id;
    call.function.name = done.name;
    call.function.arguments = done.arguments;
    return to_requested_call(tool_call(std::move(call)));
}

}  // namespace

std::vector<requested_call> early_call_finder::add(const chat_completion_chunk& chunk)
{
    std::vector<requested_call> calls;
    for (const chat_completion_event& event : events_.add(chunk)) {
        const auto* done = std::get_if<arguments_done_event>(&event);
        if (done == nullptr || done->choice_index != 0 || done->id.empty())
            continue;
        requested_call call = call_of(*done);
        if (call.arguments)
            calls.push_back(std::move(call));
    }
    return calls;
}

}  // namespace dedalus::handoff_core
