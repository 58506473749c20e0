#pragma once

#include <string>

namespace dedalus::handoff_engine {

/// "run_" and a random UUID.
std::string make_run_id();

/// "call_" and a random UUID.
std::string make_call_id();

/// "post_" and a random UUID.
std::string make_inbox_id();

/// "import_" and a random UUID.
std::string make_import_id();

/// Likewise, of a fork.
std::string make_fork_id();

/// A secret.
std::string make_wait_token();

/// "owner_" and a random UUID.
std::string make_owner_id();

}  // namespace dedalus::handoff_engine
