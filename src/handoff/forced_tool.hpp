#pragma once

#include <dedalus/chat/tool_choice.hpp>

#include <optional>
#include <string_view>

namespace dedalus::handoff_core {

/// A tool choice makes the model call a tool: the named one, or any.
bool forces_tool(const tool_choice& choice);

/// A call of this tool is what the choice forces.
bool is_forced_by(const tool_choice& choice, std::string_view called_name);

/// What is sent in place of a choice once the forced tool was called, because the loop would never end otherwise:
/// nothing, which means `auto`; a restriction to some tools stays.
std::optional<tool_choice> released(const tool_choice& choice);

}  // namespace dedalus::handoff_core
