#pragma once

#include <cstddef>
#include <vector>

namespace dedalus::handoff_core {

/// The strongly connected components of more than one node, each with its members in rising order, in the order of
/// their first members. `edges[i]` are the nodes that node i leads to.
std::vector<std::vector<std::size_t>> find_cycles(const std::vector<std::vector<std::size_t>>& edges);

}  // namespace dedalus::handoff_core
