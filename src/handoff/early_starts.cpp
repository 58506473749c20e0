#include "handoff/early_starts.hpp"

#include "handoff/call_gates.hpp"
#include "handoff/early_call_finder.hpp"
#include "handoff/tool_lanes.hpp"

#include <optional>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

void start_early(
    tool_group& group,
    const core::run_machine& machine,
    const core::requested_call& call,
    const early_starts::describe_start& describe
)
{
    const std::optional<call_key> key = machine.key_if_new(call);
    if (!key || group.has_early(*key))
        return;
    core::ready_call ready;
    ready.key = *key;
    ready.name = call.name;
    ready.arguments = *call.arguments;
    tool_start what = describe(std::move(ready));
    what.early = core::fingerprint(call);
    group.start(std::move(what));
}

}  // namespace

early_starts::early_starts(
    std::shared_ptr<early_feed> feed, std::shared_ptr<const tool_registry> tools, std::size_t most
)
    : feed_(std::move(feed)), tools_(std::move(tools)), most_(most)
{}

void early_starts::begin(const core::run_machine& machine, tool_group& group, describe_start describe)
{
    if (!feed_)
        return;
    auto finder = std::make_shared<core::early_call_finder>();
    feed_->on_chunk = [this, finder, &machine, &group, make = std::move(describe)](const chat_completion_chunk& chunk) {
        for (const core::requested_call& call : finder->add(chunk)) {
            if (group.early_running() < most_ && may_start_early(*tools_, machine, call))
                start_early(group, machine, call, make);
        }
    };
}

void early_starts::end()
{
    if (feed_)
        feed_->on_chunk = {};
}

bool may_start_early(const tool_registry& tools, const core::run_machine& machine, const core::requested_call& call)
{
    const tool_registry::entry* entry = tools.find(call.name);
    if (entry == nullptr || !entry->options.early_start || machine.effect_of(call.name) != tool_effect::pure)
        return false;
    if (!call.arguments || (entry->check && !entry->check(*call.arguments).empty()))
        return false;
    const core::call_gates gates = gates_of(tools, call, true);
    return !gates.approval && !gates.confirm_repeat && core::lanes_of(tools, call.name).empty();
}

void start_or_adopt(
    tool_group& group,
    const core::run_machine& machine,
    std::vector<core::ready_call> calls,
    const early_starts::describe_start& describe
)
{
    std::erase_if(calls, [&](const core::ready_call& call) {
        const core::call_record& record = machine.call(call.key);
        const bool alone = record.request.dependencies.empty() && !record.edited;
        return alone && call.attempt == 1 && group.adopt(call.key, record.fingerprint);
    });
    group.cancel_early();
    for (core::ready_call& call : calls)
        group.start(describe(std::move(call)));
}

}  // namespace dedalus::handoff_engine
