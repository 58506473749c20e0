#pragma once

#include <dedalus/config.hpp>

#include <optional>
#include <string_view>

namespace dedalus {

/// Where a run stands.
enum class run_phase
{
    ready,             ///< the next request can be built
    sending,           ///< a request is on its way, or its outcome is not known
    executing,         ///< an answer is being worked on
    suspended,         ///< waits for a person, an external result, a time, or whoever resumes it
    completed,         ///< the model gave its final answer, or stopped: see stop_reason
    failed,            ///< the answers of the server cannot be followed, or an error ended the run: see stop_reason
    budget_exhausted,  ///< max_turns is used up
    cancelled,         ///< ended on request
    expired,           ///< ended because its time was over
};

/// The name as it stands in a checkpoint: "ready", "budget_exhausted".
DEDALUS_EXPORT std::string_view to_string(run_phase phase) noexcept;

/// The phase of this name.
DEDALUS_EXPORT std::optional<run_phase> to_run_phase(std::string_view name) noexcept;

/// The run has ended, for ever.
constexpr bool is_terminal(run_phase phase) noexcept
{
    return phase != run_phase::ready && phase != run_phase::sending && phase != run_phase::executing &&
           phase != run_phase::suspended;
}

}  // namespace dedalus
