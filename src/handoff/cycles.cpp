#include "handoff/cycles.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace dedalus::handoff_core {

namespace {

constexpr std::size_t not_visited = std::numeric_limits<std::size_t>::max();

// Tarjan's algorithm. Recursive: batch_limits bounds the depth.
class component_search
{
public:
    explicit component_search(const std::vector<std::vector<std::size_t>>& edges)
        : edges_(edges), number_(edges.size(), not_visited), low_(edges.size(), 0), on_stack_(edges.size(), false)
    {
        for (std::size_t node = 0; node < edges.size(); ++node) {
            if (number_[node] == not_visited)
                visit(node);
        }
    }

    std::vector<std::vector<std::size_t>> cycles() && { return std::move(cycles_); }

private:
    void visit(std::size_t node)
    {
        number_[node] = low_[node] = next_number_++;
        stack_.push_back(node);
        on_stack_[node] = true;

        for (const std::size_t target : edges_[node]) {
            if (number_[target] == not_visited) {
                visit(target);
                low_[node] = std::min(low_[node], low_[target]);
            }
            else if (on_stack_[target]) {
                low_[node] = std::min(low_[node], number_[target]);
            }
        }
        if (low_[node] == number_[node])
            close_component(node);
    }

    void close_component(std::size_t root)
    {
        std::vector<std::size_t> members;
        for (bool more = true; more;) {
            members.push_back(stack_.back());
            on_stack_[stack_.back()] = false;
            more = stack_.back() != root;
            stack_.pop_back();
        }
        if (members.size() < 2)
            return;
        std::sort(members.begin(), members.end());
        cycles_.push_back(std::move(members));
    }

    const std::vector<std::vector<std::size_t>>& edges_;
    std::vector<std::size_t> number_;
    std::vector<std::size_t> low_;
    std::vector<bool> on_stack_;
    std::vector<std::size_t> stack_;
    std::vector<std::vector<std::size_t>> cycles_;
    std::size_t next_number_ = 0;
};

}  // namespace

std::vector<std::vector<std::size_t>> find_cycles(const std::vector<std::vector<std::size_t>>& edges)
{
    std::vector<std::vector<std::size_t>> cycles = component_search(edges).cycles();
    std::sort(cycles.begin(), cycles.end());
    return cycles;
}

}  // namespace dedalus::handoff_core
