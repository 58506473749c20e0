#pragma once

#include <dedalus/handoff/run_timeline.hpp>

#include <string>

namespace dedalus::runs_program {

/// An SVG of who did what when, and who waited for whom: a row for each request and each call, with arrows from a call
/// to those that come after it. For a page that has the style of html_page().
std::string gantt(const run_timeline& run);

}  // namespace dedalus::runs_program
