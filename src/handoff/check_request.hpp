#pragma once

#include <dedalus/chat/request.hpp>

namespace dedalus::handoff_core {

/// Throws invalid_request_error: more than one choice (`n`), `max_turns` below 1, `deferred_calls_raw` that is no
/// array, messages in which a tool call has no answer or a tool message no call, or a member of `extra` that would take
/// the place of one that the loop sets.
void check_request(const chat_completion_request& request);

/// Throws invalid_request_error when the request holds secrets where the store of a run would keep them: `credentials`
/// of `mcp_servers`, and members of an `extra` with the name of a secret.
void check_storable(const chat_completion_request& request);

}  // namespace dedalus::handoff_core
