#pragma once

#include <dedalus/chat/request.hpp>
#include <dedalus/stores/records.hpp>

#include <optional>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// Throws invalid_request_error: more than one choice (`n`), `max_turns` below 1, `deferred_calls_raw` that is no
/// array, messages in which a tool call has no answer or a tool message no call, or a member of `extra` that would take
/// the place of one that the loop sets.
void check_request(const chat_completion_request& request);

/// Throws invalid_request_error when the request holds secrets where the store of a run would keep them: `credentials`
/// of `mcp_servers`, a user or what looks like a secret in their URLs, and members of an `extra` with the name of a
/// secret.
void check_storable(const chat_completion_request& request);

/// Throws config_error for more labels than a head has room for.
void check_labels(const stores::label_map& labels);

/// The names of these credentials.
std::vector<std::string> connections_of(const std::optional<credential_selection>& credentials);

}  // namespace dedalus::handoff_core
