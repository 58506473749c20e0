#pragma once

#include <dedalus/config.hpp>

namespace dedalus {

/// What becomes of a call that was started in a process that died, and that must not run twice.
enum class unknown_outcome_policy
{
    suspend,     ///< the run waits for a decision: wait_kind::unknown_outcome
    tell_model,  ///< the model is told that the outcome is unknown, and to check
    fail_run,    ///< the run ends with stop_reason::unknown_tool_outcome
};

/// What becomes of a request that was sent, and whose answer never came.
enum class unknown_send_policy
{
    resend,  ///< it is sent again, under the same idempotency key; the server may have worked, and run its tools, twice
    suspend,  ///< the run is suspended with stop_reason::unknown_send_outcome; handoff_loop::resume() sends it again
};

}  // namespace dedalus
