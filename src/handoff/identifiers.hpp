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

/// "owner_" and a random UUID.
std::string make_owner_id();

}  // namespace dedalus::handoff_engine
