#pragma once

#include <dedalus/chat/handoff.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/scheduling_rules.hpp>

#include "handoff/ledger.hpp"
#include "handoff/requested_call.hpp"
#include "handoff/tool_end.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// Results of server calls by call id.
using server_values = std::map<std::string, boost::json::value, std::less<>>;

/// What bounds a batch. A larger one is a protocol error.
struct batch_limits
{
    std::size_t max_calls = 256;
    std::size_t max_edges = 4096;  ///< dependencies of all calls together, as received
};

/// How calls are scheduled.
struct batch_rules
{
    scheduling_rules of_run{};
    std::set<std::string, std::less<>> run_anyway{};  ///< tools with tool_options::run_anyway

    bool operator==(const batch_rules&) const = default;
};

/// One call of a batch, with what has to happen before it.
struct batch_node
{
    requested_call call{};
    std::string fingerprint{};
    std::optional<call_key> known{};    ///< the same call was asked for before, and its record is used
    std::optional<tool_end> decided{};  ///< it is not run, and this is how it ends
    bool run_anyway = false;            ///< it runs although a node that it needs did not end with `ok`
    std::vector<std::size_t> needs{};   ///< nodes that must end with `ok` first
    std::vector<std::size_t> after{};   ///< nodes that must end first, no matter how
};

/// The calls of one answer, ready to be scheduled.
struct batch
{
    std::vector<batch_node> nodes{};  ///< in the order in which they were asked for
    std::vector<run_diagnostic> diagnostics{};
    std::vector<requested_call> held_back{};      ///< of `nodes` no part: they are not answered in this turn
    std::optional<std::string> protocol_error{};  ///< nothing may be started
    std::optional<std::string> fatal{};           ///< nothing may be started, because the rules say so
};

/// Says what is wrong with the arguments for the registered tool of this name; "" when they are right.
using check_arguments = std::function<std::string(const std::string& tool_name, const boost::json::object& arguments)>;

/// What normalise() knows besides the calls.
struct batch_context
{
    const ledger& calls;
    const server_values& server_results;  ///< of this answer and earlier ones
    const std::vector<deferred_call>& deferred;
    const std::vector<std::string>& registered_names;
    int turn = 0;
    batch_limits limits{};
    check_arguments check{};  ///< empty: all arguments are right
    batch_rules rules{};
};

/// Makes a batch of calls. Deterministic: equal calls and an equal ledger give an equal batch.
///
/// A dependency on another call of the batch is an edge; on a finished call or a server result it is met; on a deferred
/// server call it cannot be met in this turn, so the call ends as skipped. Dependencies on the call itself or on
/// an unknown id are dropped. The members of a cycle lose their edges to each other and run one after another. The
/// rules may say otherwise: see scheduling_rules. What needs a call that is held back is held back with it. Two entries
/// with one id and one fingerprint are one call; with different fingerprints they are a protocol error, as is a pending
/// call without id, or with the id of an earlier call that was another, and an id that no store takes. In a batch with
/// a pending call, the id and the fingerprint of an earlier call make it that call, and its result is used again,
/// unless it was skipped for a dependency: then it is planned anew, as is any call of a batch without pending ones.
batch normalise(std::vector<requested_call> calls, const batch_context& context);

}  // namespace dedalus::handoff_core
