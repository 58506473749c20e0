#pragma once

#include <dedalus/handoff/tool_effect.hpp>
#include <dedalus/handoff/wire_profile.hpp>

#include "handoff/ledger.hpp"
#include "handoff/normalise.hpp"
#include "handoff/plan.hpp"
#include "handoff/requested_call.hpp"
#include "handoff/tool_end.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// What stands before the start of a call.
struct call_gates
{
    bool approval = false;        ///< a person has to let it run
    bool confirm_repeat = false;  ///< likewise, if an equal call was started before
    bool external = false;        ///< it is not run here: its result comes from outside
};

/// Of a registered tool. `ask`: nobody has been asked about the call yet.
using gate_check = std::function<call_gates(const requested_call&, bool ask)>;

/// What limits the calls of a registered tool that run at once.
using tool_lanes = std::function<std::vector<plan::lane>(const std::string& tool_name)>;

struct run_settings
{
    std::string run_id{};
    int max_turns = 10;
    std::size_t max_concurrency = 8;
    bool extensions = true;                                     ///< send the Dedalus members
    std::vector<std::string> tool_names{};                      ///< registered ones
    std::map<std::string, tool_effect, std::less<>> effects{};  ///< of these; who is not here is `once`
    wire_profile profile{};
    batch_limits limits{};
    batch_rules rules{};
    std::function<std::string()> make_call_id{};  ///< ids for calls that come without one
    check_arguments check{};                      ///< of the arguments of registered tools; empty: all are right
    gate_check gates{};                           ///< empty: there are none
    tool_lanes lanes{};                           ///< likewise

    /// Of the ends that the machine makes itself, of calls that are not run: how the model is told. Empty: as it is.
    std::function<void(const call_record&, tool_end&)> describe_end{};
};

}  // namespace dedalus::handoff_core
