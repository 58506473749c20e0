#pragma once

#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/handoff/tool_registry.hpp>

namespace dedalus::handoff_core {

/// Throws config_error for options that are out of range or do not fit each other, and for tools that need a store
/// where there is none.
void check_options(const handoff_options& options, const tool_registry& tools);

}  // namespace dedalus::handoff_core
