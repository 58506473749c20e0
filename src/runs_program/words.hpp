#pragma once

#include <dedalus/handoff/run_timeline.hpp>

#include <string>
#include <vector>

/// What the pages call things.
namespace dedalus::runs_program {

/// "suspended (approval)", "completed (final)", "executing".
std::string phase_text(const run_timeline& run);

/// "answered, HTTP 200".
std::string request_text(const timeline_request& request);

/// "ok", "waits for an approval", "started, its end is not known".
std::string state_text(const timeline_call& call);

/// "approval", "external result", "decision, since its outcome is unknown".
std::string wait_text(wait_kind kind);

/// "search", "search of docs, failed, after 12 ms".
std::string server_call_text(const server_tool_result& call);

/// "approve,reject".
std::string decisions_text(const std::vector<wait_decision>& decisions);

/// "open", "approved", "rejected", ...
std::string end_text(const timeline_wait& wait);

/// Something that happened to a call.
struct call_step
{
    stores::time_point at{};
    std::string name{};
    std::string text{};
};

/// What happened to the call, in order of time; times are told since `begun`.
std::vector<call_step> steps_of(const timeline_call& call, stores::time_point begun);

/// Whether something went wrong with the call.
bool has_failed(const timeline_call& call);

/// The last turn that anything belongs to.
int last_turn(const run_timeline& run);

}  // namespace dedalus::runs_program
