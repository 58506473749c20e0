#pragma once

#include <dedalus/config.hpp>

#include <string_view>

namespace dedalus {

/// What running a tool does to the world.
enum class tool_effect
{
    once,   ///< must not happen twice; a call whose end is not known is not repeated
    pure,   ///< no effect
    keyed,  ///< the target drops repetitions by tool_context::idempotency_key()

    /// The tool writes its effect and tool_context::finish_record() in one transaction of the database that has the
    /// run. Exactly one such transaction is ever committed for a call, in whichever process: the record is refused once
    /// the call has ended or the run has another owner. Run again when no end was written. A tool that does not write
    /// the record is no more than `keyed`.
    transactional,

    /// tool_options::probe tells whether it happened; run again only when it says no.
    probe,

    /// Not run here: the result comes from outside, by handoff_loop::provide_result(). A handler, if there is one,
    /// tells the outside of the call, drops repetitions by tool_context::idempotency_key(), and what it gives is
    /// ignored.
    external,
};

/// The name: "once", "transactional".
DEDALUS_EXPORT std::string_view to_string(tool_effect effect) noexcept;

}  // namespace dedalus
