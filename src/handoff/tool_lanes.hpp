#pragma once

#include <dedalus/handoff/tool_registry.hpp>

#include "handoff/plan.hpp"

#include <limits>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// What the options of a tool limit.
inline std::vector<plan::lane> lanes_of(const tool_registry& tools, const std::string& name)
{
    std::vector<plan::lane> lanes;
    const tool_registry::entry* entry = tools.find(name);
    if (entry == nullptr)
        return lanes;
    if (!entry->options.group.empty())
        lanes.push_back({"group " + entry->options.group, 1});
    if (entry->options.max_concurrency != std::numeric_limits<std::size_t>::max())
        lanes.push_back({"tool " + name, entry->options.max_concurrency});
    return lanes;
}

}  // namespace dedalus::handoff_core
