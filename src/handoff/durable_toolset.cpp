// The part of a run in a store that looks whether its tools are here.

#include "handoff/durable_state.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

constexpr stop_reason for_want_of_tools[] = {stop_reason::toolset_changed, stop_reason::unstored_value};

bool tells_want_of_tools(const stores::log_entry& entry)
{
    return std::ranges::any_of(for_want_of_tools, [&entry](stop_reason reason) {
        return core::is_suspension_for(entry, reason);
    });
}

// What is in the inbox is no reason to ask a tool that failed each time somebody looks for runs to go on with.
bool is_not_asked_again(const stores::stored_run& looked)
{
    return tells_unmade(looked) && !looked.inbox.empty();
}

// Why this process would suspend the run again, whatever is in its inbox.
std::optional<stop_reason> want_of_tools(durable& r, const stores::stored_run& looked)
{
    const bool unmade = std::ranges::any_of(r.m().calls(), [&r](const core::call_record& call) {
        const std::string& name = call.request.name;
        return call.end.unstored && (options_of(r, name) == nullptr || effect_of(r, name) != tool_effect::pure);
    });
    if (unmade || is_not_asked_again(looked))
        return stop_reason::unstored_value;
    if (lacks_tools(r))
        return stop_reason::toolset_changed;
    return {};
}

// The run ends, or is stopped, without its tools, too.
bool has_to_end(const durable& r, const stores::stored_run& looked)
{
    const auto expires = r.definition.expires_at;
    return r.stop->asked_now() || find_cancellation(looked.inbox) != nullptr ||
           (expires && *expires <= r.journal.store_now());
}

}  // namespace

bool lacks_tools(durable& r)
{
    const std::vector<call_key>& keys = r.m().open_keys();
    return std::any_of(keys.begin(), keys.end(), [&r](const call_key& key) {
        const core::call_record& call = r.m().call(key);
        return call.state != core::call_state::finished && options_of(r, call.request.name) == nullptr;
    });
}

bool leave_suspended(durable& r, const stores::stored_run& looked)
{
    if (!tells_want_of_tools(looked.entries.back()))
        return false;
    r.told_at = looked.rev;
    const std::optional<stop_reason> reason = want_of_tools(r, looked);
    if (!reason || has_to_end(r, looked) || looked.updated_at + r.input->lease <= r.journal.store_now())
        return false;
    r.m().suspend(*reason);
    return true;
}

bool is_told(const durable& r, stop_reason reason)
{
    return r.told_at == r.journal.revision() && std::ranges::count(for_want_of_tools, reason) > 0;
}

}  // namespace dedalus::handoff_engine
