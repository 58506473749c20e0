#pragma once

#include "handoff/normalise.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// The order in which the calls of a batch run: a ready queue, not layers, so that a slow call holds up only what
/// depends on it.
class plan
{
public:
    /// A call that is not run because another one did not succeed.
    struct skipped
    {
        std::size_t node;
        std::size_t because_of;

        bool operator==(const skipped&) const = default;
    };

    plan() = default;

    /// Schedules the nodes of the batch. What a known call gave is looked up in `calls`: a finished one counts as
    /// finished at once, as does a node whose end is decided.
    plan(const batch& work, const ledger& calls, std::size_t max_concurrency);

    /// Calls that share a lane run at most so many at once.
    struct lane
    {
        std::string name{};
        std::size_t limit = 1;
    };

    /// The lanes of a node.
    using lanes_of_node = std::function<std::vector<lane>(std::size_t node)>;

    /// The calls to start now, in listed order: all that they wait for has ended, and at most `max_concurrency` calls
    /// run, of those in one lane no more than it takes. They count as running from now on.
    std::vector<std::size_t> start_ready(const lanes_of_node& lanes = {});

    /// A call that start_ready() gave waits for somebody outside: it takes up no place among those that run.
    void hold(std::size_t node);

    /// A call that was held may run: start_ready() gives it again.
    void release(std::size_t node);

    /// A call has ended, one that waited included. `ok`: the calls that need it may run.
    void finish(std::size_t node, bool ok);

    /// The calls that were skipped since this was last asked, each after the one it was skipped for.
    std::vector<skipped> take_skipped();

    /// All calls have ended.
    bool done() const noexcept { return unfinished_ == 0; }

private:
    enum class progress
    {
        waiting,
        held,
        running,
        finished,
    };

    struct dependant
    {
        std::size_t node;
        bool needs_success;
    };

    struct scheduled
    {
        progress state = progress::waiting;
        std::size_t waits_for = 0;
        std::vector<dependant> dependants{};
    };

    bool has_room(const std::vector<lane>& lanes, const lanes_of_node& lanes_of) const;
    void leave(std::size_t node, progress next);
    void close(std::size_t node);
    void release_dependants(std::size_t node, bool ok);

    std::vector<scheduled> nodes_;
    std::vector<skipped> skipped_;
    std::size_t max_concurrency_ = 1;
    std::size_t running_ = 0;
    std::size_t unfinished_ = 0;
};

}  // namespace dedalus::handoff_core
