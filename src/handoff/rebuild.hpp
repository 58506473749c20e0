#pragma once

#include <dedalus/handoff/waiting_call.hpp>
#include <dedalus/stores/records.hpp>

#include "handoff/run_machine.hpp"
#include "handoff/run_records.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace dedalus::handoff_core {

/// The machine of a stored run, told all of its log. Throws store_error(damaged) for a log that no run has written,
/// and for records of calls and waits that do not belong to it.
/// @param after     called when an entry of the log was told, with its number
/// @param describe  what run_settings::describe_end does for ends that are not in the store: those that are stay
run_machine rebuild_machine(
    const stores::stored_run& stored,
    const run_definition& definition,
    const facts_by_call& calls,
    const std::function<void(const run_machine& machine, std::int64_t seq)>& after = {},
    const std::function<void(const call_record&, tool_end&)>& describe = {}
);

/// How long nobody has worked on a run.
struct suspended_times
{
    std::chrono::microseconds all{};
    std::chrono::microseconds people{};  ///< of this, because somebody had to decide or to give a result
};

/// As the log tells.
suspended_times suspended_in(const std::vector<stores::log_entry>& entries, time_point now);

/// Since when and until when calls wait, and what may be decided on them, as their waits say.
void add_wait_facts(std::vector<waiting_call>& calls, const std::vector<stores::wait_record>& waits);

}  // namespace dedalus::handoff_core
