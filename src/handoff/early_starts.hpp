#pragma once

#include <dedalus/handoff/tool_registry.hpp>

#include "handoff/early_feed.hpp"
#include "handoff/run_machine.hpp"
#include "handoff/tool_group.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace dedalus::handoff_engine {

/// Starts tools with tool_options::early_start while the answer that asks for them is still coming. Nothing of that is
/// stored or told: what such a tool gives is used if the answer comes to ask for the same call, and dropped otherwise.
class early_starts
{
public:
    /// What else a tool needs.
    using describe_start = std::function<tool_start(handoff_core::ready_call)>;

    /// @param feed  null: nothing starts early
    /// @param most  tools that run at once
    early_starts(std::shared_ptr<early_feed> feed, std::shared_ptr<const tool_registry> tools, std::size_t most);

    ~early_starts() { end(); }

    early_starts(const early_starts&) = delete;
    early_starts& operator=(const early_starts&) = delete;

    /// A request is sent. Machine and group have to live until end().
    void begin(const handoff_core::run_machine& machine, tool_group& group, describe_start describe);

    /// No more of its answer comes.
    void end();

private:
    std::shared_ptr<early_feed> feed_;
    std::shared_ptr<const tool_registry> tools_;
    std::size_t most_;
};

/// Whether a call may start before the run knows it: its tool says so, it has no effect, runs beside all others and
/// waits for nobody, and the arguments fit.
bool may_start_early(
    const tool_registry& tools, const handoff_core::run_machine& machine, const handoff_core::requested_call& call
);

/// Starts these calls; those that have started early go on as they are. Early ones that are not among them give up
/// their places.
void start_or_adopt(
    tool_group& group,
    const handoff_core::run_machine& machine,
    std::vector<handoff_core::ready_call> calls,
    const early_starts::describe_start& describe
);

}  // namespace dedalus::handoff_engine
