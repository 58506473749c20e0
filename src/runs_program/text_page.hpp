#pragma once

#include <dedalus/handoff/run_timeline.hpp>
#include <dedalus/handoff/waiting_call.hpp>
#include <dedalus/stores/records.hpp>

#include <string>
#include <vector>

namespace dedalus::runs_program {

/// A line for each run.
std::string runs_table(const std::vector<stores::run_summary>& runs, bool with_title);

/// A line for each call.
std::string waiting_table(const std::vector<waiting_call>& calls);

/// The course of a run, for a terminal.
std::string text_page(const run_timeline& run);

}  // namespace dedalus::runs_program
