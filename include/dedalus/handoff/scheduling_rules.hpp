#pragma once

#include <dedalus/config.hpp>

namespace dedalus {

/// What becomes of a dependency on an id that nobody knows.
enum class unknown_dependency_rule
{
    drop,       ///< the call runs as if it did not have it
    fail_call,  ///< the call ends as tool_outcome::skipped_dependency, and the model is told
    fail_run,   ///< the run ends with stop_reason::tool_fatal, before any call of the answer has started
};

/// What becomes of calls that depend on each other.
enum class cycle_rule
{
    sequential,      ///< they run one after another, in the order in which they were asked for
    fail_component,  ///< they end as tool_outcome::skipped_dependency, and the model is told
};

/// What becomes of a call that depends on a call which the server has deferred until it has the results of this turn.
enum class deferred_dependency_rule
{
    skip,  ///< it ends as tool_outcome::skipped_dependency, and the model is told
    /// It is not answered in this turn, nor is what depends on it: the server asks for it again when it has the result.
    /// Needs wire_profile::partial_answers. Where both wait for each other the call is skipped: waiting cannot help.
    hold_back,
    ignore,  ///< it runs as if it did not depend on it
};

/// What becomes of a call that cannot be run.
enum class bad_call_rule
{
    tell_model,  ///< it ends so, and the model may try again
    fail_run,    ///< the run ends with stop_reason::tool_fatal, before any call of the answer has started
};

/// How calls are scheduled whose dependencies, names or arguments are not right. They were made up by a model, so the
/// defaults go on where that is safe. A run in a store keeps the rules that it began with.
struct scheduling_rules
{
    unknown_dependency_rule unknown_dependency = unknown_dependency_rule::drop;
    cycle_rule cycle = cycle_rule::sequential;
    deferred_dependency_rule deferred_dependency = deferred_dependency_rule::skip;
    bad_call_rule unknown_tool = bad_call_rule::tell_model;
    bad_call_rule invalid_arguments = bad_call_rule::tell_model;

    bool operator==(const scheduling_rules&) const = default;
};

}  // namespace dedalus
