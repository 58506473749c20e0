#include <dedalus/handoff/run_result.hpp>

#include <algorithm>

namespace dedalus {

std::string_view to_string(stop_reason reason) noexcept
{
    switch (reason) {
    case stop_reason::final:
        return "final";
    case stop_reason::refusal:
        return "refusal";
    case stop_reason::length:
        return "length";
    case stop_reason::content_filter:
        return "content_filter";
    case stop_reason::budget:
        return "budget";
    case stop_reason::no_progress:
        return "no_progress";
    case stop_reason::protocol_error:
        return "protocol_error";
    case stop_reason::unsupported:
        return "unsupported";
    case stop_reason::error:
        return "error";
    case stop_reason::cancelled:
        return "cancelled";
    case stop_reason::approval:
        return "approval";
    case stop_reason::external_result:
        return "external_result";
    case stop_reason::unknown_tool_outcome:
        return "unknown_tool_outcome";
    case stop_reason::unknown_send_outcome:
        return "unknown_send_outcome";
    case stop_reason::stopped:
        return "stopped";
    case stop_reason::retry_after:
        return "retry_after";
    case stop_reason::auth:
        return "auth";
    case stop_reason::payment:
        return "payment";
    case stop_reason::toolset_changed:
        return "toolset_changed";
    case stop_reason::fenced:
        return "fenced";
    case stop_reason::expired:
        return "expired";
    case stop_reason::session_lost:
        return "session_lost";
    case stop_reason::held:
        return "held";
    case stop_reason::tool_fatal:
        return "tool_fatal";
    }
    return "unknown";
}

std::vector<std::string> run_result::models_used() const
{
    std::vector<std::string> names;
    for (const run_turn& each : turns) {
        if (!each.model.empty() && std::find(names.begin(), names.end(), each.model) == names.end())
            names.push_back(each.model);
    }
    return names;
}

std::string_view to_string(wait_kind kind) noexcept
{
    switch (kind) {
    case wait_kind::approval:
        return "approval";
    case wait_kind::external_result:
        return "external_result";
    case wait_kind::unknown_outcome:
        return "unknown_outcome";
    }
    return "unknown";
}

}  // namespace dedalus
