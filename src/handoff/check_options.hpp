#pragma once

#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/handoff/tool_registry.hpp>

namespace dedalus::handoff_engine {

/// Throws config_error for options that are out of range.
void check_options(const handoff_options& options);

/// Likewise, for tools that need what the options do not give.
void check_tools(const tool_registry& tools, const handoff_options& options);

}  // namespace dedalus::handoff_engine
