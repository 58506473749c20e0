#pragma once

#include <dedalus/config.hpp>

namespace dedalus {

/// What a request of a run says in `max_turns`.
enum class sent_turns
{
    reservation,  ///< what it has reserved: the server stays below the limit of the run
    run_limit,    ///< handoff_options::max_turns
    omit,         ///< nothing
};

/// How a run speaks to its server, where the API does not say it. A run in a store keeps the profile it began with.
/// What else may differ is said by the request (`handoff_mode`) and by handoff_options::dedalus_extensions.
struct wire_profile
{
    /// The assistant message that is sent back keeps the calls that the server has deferred; false: they are left out.
    bool deferred_in_assistant = true;

    /// Results of the server become tool messages where the assistant message has their calls; false: those calls are
    /// left out.
    bool server_results_as_tool_messages = true;

    /// The last `correlation_id` is sent until there is another one; false: it is that of the last answer, or none.
    bool correlation_id_lasts = true;

    sent_turns send_max_turns = sent_turns::reservation;

    /// A streamed answer is taken without its end marker (`data: [DONE]`), which some proxies drop, when each of its
    /// choices has a finish reason; false: it has broken off, and is asked for again.
    bool accept_missing_end = false;

    /// The server takes a request that leaves some of its pending calls without an answer, and asks for them again:
    /// deferred_dependency_rule::hold_back needs that. The assistant message that is sent back keeps such calls until
    /// the next answer.
    bool partial_answers = false;
};

}  // namespace dedalus
