#pragma once

#include <dedalus/handoff/run_result.hpp>
#include <dedalus/stores/records.hpp>

#include "handoff/durable_state.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace dedalus::handoff_engine {

/// Begins or takes the run. What is to be said at once, if anything: the run has ended, or somebody else has it. Looks
/// before it takes the run: who cannot read it, or knows it has ended, changes nothing.
asio::awaitable<std::optional<run_result>> open_run(durable& r);

/// The machine of the run as this log and `facts` have it.
void make_machine(durable& r, const stores::stored_run& stored);

/// The result of somebody who does not have the run.
run_result not_ours(const std::string& run_id, stop_reason reason);

}  // namespace dedalus::handoff_engine
