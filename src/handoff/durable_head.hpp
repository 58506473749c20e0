#pragma once

#include "handoff/durable_state.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace dedalus::handoff_engine {

/// Where the machine stands, for a run that is not suspended.
run_phase phase_of(const handoff_core::run_machine& machine);

/// Fills the head of a commit, but for phase and wakeup_at, which are there already. A head tells at a glance what the
/// log tells in full, and stays below 16 KiB: waits and tools that do not fit are left to the log.
void describe(durable& r, journal_commit& what);

/// What stands in all heads of the run: labels, profile, model and parameters, tools (name, effect and digits of the
/// schema's SHA-256), and what it needs. What is too long for a head is left out.
handoff_core::checkpoint_head head_of(const handoff_core::run_definition& definition, const std::string& run_id);

/// Keeps what the head of a loaded run has and its log has not: a run may come from elsewhere, or from a newer version.
void keep(handoff_core::checkpoint_head& head, const handoff_core::checkpoint_head& loaded);

/// Who writes heads here.
boost::json::object writer_of_heads();

}  // namespace dedalus::handoff_engine
