#include "runs_program/words.hpp"

#include "runs_program/printable.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

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

std::string server_call_text(const server_tool_result& call)
{
    std::string text = call.name.empty() ? call.call_id : call.name;
    if (!call.server.empty())
        text += " of " + call.server;
    if (call.is_error)
        text += ", failed";
    if (call.duration)
        text += ", after " + duration_text(*call.duration);
    return text;
}

std::string decisions_text(const std::vector<wait_decision>& decisions)
{
    std::string text;
    for (const wait_decision each : decisions)
        text.append(text.empty() ? "" : ",").append(to_string(each));
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
    constexpr std::array<std::pair<std::string_view, std::string_view>, 8> ends{{
        {"approve", "approved"},
        {"approve_always", "approved, with all later calls of the tool"},
        {"edit", "approved with other arguments"},
        {"reject", "rejected"},
        {"result", "ended with a result"},
        {"error", "ended with an error"},
        {"expired", "not decided in time"},
        {"late_result", "ended with a late result"},
    }};
    for (const auto& [by, text] : ends) {
        if (wait.by == by)
            return std::string(text);
    }
    return wait.approved ? "approved" : "decided";
}

std::vector<call_step> steps_of(const timeline_call& call, stores::time_point begun)
{
    const auto stored = [](std::chrono::system_clock::time_point time) {
        return std::chrono::time_point_cast<stores::time_point::duration>(time);
    };
    std::vector<call_step> steps;
    const auto add = [&](stores::time_point at, std::string name, const std::string& text) {
        steps.push_back({at, std::move(name), "at +" + duration_text(at - begun) + text});
    };
    add(stored(call.result.queued), "asked for", "");
    for (std::size_t i = 0; i < call.attempts.size(); ++i) {
        const timeline_attempt& attempt = call.attempts[i];
        const std::string by = ", by owner " + std::to_string(attempt.fence);
        add(attempt.started, "attempt " + std::to_string(i + 1), by + (attempt.abandoned ? ", does not count" : ""));
    }
    for (const timeline_wait& wait : call.waits) {
        std::string text = " for: " + wait_text(wait.kind) + ", " + end_text(wait);
        if (wait.ended)
            text += " after " + duration_text(*wait.ended - wait.since);
        add(wait.since, "waited", text);
    }
    std::ranges::stable_sort(steps, {}, &call_step::at);
    if (call.state != timeline_call_state::finished)
        return steps;
    const stores::time_point end = stored(call.result.finished);
    const bool ran = call.result.started != call.result.finished;
    add(end, "ended", ran ? ", ran for " + duration_text(end - stored(call.result.started)) : "");
    return steps;
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
