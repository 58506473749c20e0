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

    /// The tool writes its effect and the end of its call in one transaction; run again when no end was written.
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
