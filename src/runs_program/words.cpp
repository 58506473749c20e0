#include "runs_program/words.hpp"

#include <algorithm>

namespace dedalus::runs_program {

std::string phase_text(const run_timeline& run)
{
    std::string text(to_string(run.result.phase));
    if (run.result.phase == run_phase::suspended || is_terminal(run.result.phase))
        text.append(" (").append(to_string(run.result.stop_reason)).append(")");
    return text;
}

std::string request_text(const timeline_request& request)
{
    std::string text;
    switch (request.outcome) {
    case request_outcome::under_way:
        text = "under way, or its process died";
        break;
    case request_outcome::answered:
        text = "answered";
        break;
    case request_outcome::refused:
        text = "refused";
        break;
    case request_outcome::unknown:
        text = "outcome unknown";
        break;
    }
    if (request.status != 0)
        text += ", HTTP " + std::to_string(request.status);
    return text;
}

std::string wait_text(wait_kind kind)
{
    switch (kind) {
    case wait_kind::approval:
        return "approval";
    case wait_kind::external_result:
        return "external result";
    case wait_kind::unknown_outcome:
        break;
    }
    return "decision, since its outcome is unknown";
}

std::string state_text(const timeline_call& call)
{
    switch (call.state) {
    case timeline_call_state::planned:
        return "planned";
    case timeline_call_state::started:
        return "started, its end is not known";
    case timeline_call_state::waiting:
        return "waits" + (call.waits.empty() ? std::string() : " for: " + wait_text(call.waits.back().kind));
    case timeline_call_state::finished:
        break;
    }
    return std::string(to_string(call.result.outcome));
}

std::string end_text(const timeline_wait& wait)
{
    if (!wait.ended)
        return "open";
    return wait.approved ? "approved" : "decided";
}

bool has_failed(const timeline_call& call)
{
    return call.state == timeline_call_state::finished && call.result.outcome != tool_outcome::ok;
}

int last_turn(const run_timeline& run)
{
    int last = 0;
    for (const timeline_request& request : run.requests)
        last = std::max(last, request.turn);
    for (const timeline_call& call : run.calls)
        last = std::max(last, call.result.turn);
    return last;
}

}  // namespace dedalus::runs_program
