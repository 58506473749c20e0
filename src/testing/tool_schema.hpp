#pragma once

#include "testing/json_checks.hpp"

namespace dedalus::testing {

/// An element of `tools`.
checks::checker tool_check();

/// An element of the deprecated `functions`.
checks::checker function_check();

/// `tool_choice` in every shape.
checks::checker tool_choice_check();

/// An element of `deferred_calls`.
checks::checker deferred_call_check();

/// `mcp_servers`: one server or a list.
checks::checker mcp_servers_check();

/// `credentials`: one or a list.
checks::checker credentials_check();

}  // namespace dedalus::testing
