#pragma once

#include <dedalus/handoff/run_timeline.hpp>

#include <string>

namespace dedalus::runs_program {

/// The course of a run as a page of HTML that needs nothing else: no script, no font, no network. It follows the
/// reader's choice of light and dark.
std::string html_page(const run_timeline& run);

}  // namespace dedalus::runs_program
