#pragma once

#include <dedalus/chat/completion.hpp>

namespace dedalus::handoff_core {

/// Adds to a sum of usages: every count, those in the details and those that have no name here included.
void add_usage(usage& sum, const usage& more);

}  // namespace dedalus::handoff_core
