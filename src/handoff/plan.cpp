#include "handoff/plan.hpp"

#include <utility>

namespace dedalus::handoff_core {

namespace {

const tool_end* known_end(const batch_node& node, const ledger& calls)
{
    if (node.known) {
        const call_record& record = calls.at(*node.known);
        return record.state == call_state::finished ? &record.end : nullptr;
    }
    return node.decided ? &*node.decided : nullptr;
}

}  // namespace

plan::plan(const batch& work, const ledger& calls, std::size_t max_concurrency)
    : nodes_(work.nodes.size()), max_concurrency_(max_concurrency), unfinished_(work.nodes.size())
{
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
        const batch_node& described = work.nodes[node];
        for (const std::size_t needed : described.needs)
            nodes_[needed].dependants.push_back({node, !described.run_anyway});
        for (const std::size_t earlier : described.after)
            nodes_[earlier].dependants.push_back({node, false});
        nodes_[node].waits_for = described.needs.size() + described.after.size();
    }
    // What has ended already is marked first, so that it is not skipped on top.
    std::vector<std::pair<std::size_t, bool>> ended;
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
        const tool_end* end = known_end(work.nodes[node], calls);
        if (end == nullptr)
            continue;
        close(node);
        ended.emplace_back(node, end->outcome == tool_outcome::ok);
    }
    for (const auto& [node, ok] : ended)
        release_dependants(node, ok);
}

std::vector<std::size_t> plan::start_ready(const lanes_of_node& lanes)
{
    std::vector<std::size_t> ready;
    for (std::size_t node = 0; node < nodes_.size() && running_ < max_concurrency_; ++node) {
        if (nodes_[node].state != progress::waiting || nodes_[node].waits_for != 0)
            continue;
        if (lanes && !has_room(lanes(node), lanes))
            continue;
        nodes_[node].state = progress::running;
        ++running_;
        ready.push_back(node);
    }
    return ready;
}

bool plan::has_room(const std::vector<lane>& lanes, const lanes_of_node& lanes_of) const
{
    for (const lane& wanted : lanes) {
        std::size_t taken = 0;
        for (std::size_t node = 0; node < nodes_.size(); ++node) {
            if (nodes_[node].state != progress::running)
                continue;
            for (const lane& other : lanes_of(node))
                taken += other.name == wanted.name ? 1U : 0U;
        }
        if (taken >= wanted.limit)
            return false;
    }
    return true;
}

void plan::hold(std::size_t node)
{
    leave(node, progress::held);
}

void plan::release(std::size_t node)
{
    leave(node, progress::waiting);
}

void plan::finish(std::size_t node, bool ok)
{
    close(node);
    release_dependants(node, ok);
}

std::vector<plan::skipped> plan::take_skipped()
{
    return std::exchange(skipped_, {});
}

void plan::leave(std::size_t node, progress next)
{
    running_ -= nodes_[node].state == progress::running ? 1U : 0U;
    nodes_[node].state = next;
}

void plan::close(std::size_t node)
{
    leave(node, progress::finished);
    --unfinished_;
}

void plan::release_dependants(std::size_t node, bool ok)
{
    for (const dependant& next : nodes_[node].dependants) {
        scheduled& waiting = nodes_[next.node];
        if (waiting.state == progress::finished)
            continue;
        --waiting.waits_for;
        if (ok || !next.needs_success)
            continue;
        skipped_.push_back({next.node, node});
        close(next.node);
        release_dependants(next.node, false);
    }
}

}  // namespace dedalus::handoff_core
