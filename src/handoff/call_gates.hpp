#pragma once

#include <dedalus/handoff/tool_registry.hpp>

#include "handoff/run_machine.hpp"

#include <memory>

namespace dedalus::handoff_engine {

/// What the tools that are registered here say of a call before it runs: whether the arguments fit.
handoff_core::check_arguments argument_checks(std::shared_ptr<const tool_registry> tools);

/// Likewise: whether it has to wait for somebody. A predicate that fails has not said that the call may run;
/// it is not called again for a call that was approved or started once: `ask`.
handoff_core::call_gates gates_of(const tool_registry& tools, const handoff_core::requested_call& call, bool ask);

}  // namespace dedalus::handoff_engine
