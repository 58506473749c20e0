#include "handoff/cycles.hpp"

#include "support/catch.hpp"

#include <numeric>

namespace cycles_test {

using dedalus::handoff_core::find_cycles;
using graph = std::vector<std::vector<std::size_t>>;

TEST_CASE("A graph without cycles has none")
{
    CHECK(find_cycles({}).empty());
    CHECK(find_cycles({{}, {0}, {0, 1}}).empty());
    CHECK(find_cycles({{1, 2}, {3}, {3}, {}}).empty());
}

TEST_CASE("Only strongly connected nodes are members of a cycle")
{
    // 0 -> 1 -> 2 -> 1, 2 -> 3: nodes 0 and 3 hang on the cycle of 1 and 2.
    CHECK(find_cycles({{1}, {2}, {1, 3}, {}}) == graph{{1, 2}});
}

TEST_CASE("Separate cycles are told apart, and cycles that share a node are one")
{
    CHECK(find_cycles({{1}, {0}, {3}, {2}, {0}}) == graph{{0, 1}, {2, 3}});
    CHECK(find_cycles({{1}, {0, 2}, {1}}) == graph{{0, 1, 2}});
}

TEST_CASE("A long cycle is found whole")
{
    graph ring(256);
    for (std::size_t i = 0; i < ring.size(); ++i)
        ring[i] = {(i + 1) % ring.size()};
    std::vector<std::size_t> all(ring.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    CHECK(find_cycles(ring) == graph{all});
}

}  // namespace cycles_test
