#include <dedalus/handoff/run_result.hpp>

#include "handoff/record_names.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>

namespace dedalus {

namespace {

std::string counted(std::size_t n, const std::string& what)
{
    return ", " + std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
}

std::string spoken_seconds(std::chrono::microseconds time)
{
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.3f s", std::chrono::duration<double>(time).count());
    return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace

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
    case stop_reason::unstored_value:
        return "unstored_value";
    case stop_reason::fenced:
        return "fenced";
    case stop_reason::expired:
        return "expired";
    case stop_reason::session_lost:
        return "session_lost";
    case stop_reason::store_error:
        return "store_error";
    case stop_reason::corrupt_checkpoint:
        return "corrupt_checkpoint";
    case stop_reason::format_too_new:
        return "format_too_new";
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

std::string to_string(const run_result& result)
{
    std::string text = "run " + result.run_id + ": ";
    text += to_string(result.phase);
    text += " (";
    text += to_string(result.stop_reason);
    text += ')' + counted(result.turns.size(), "answer");
    text += ", " + std::to_string(result.llm_turns.spent()) + " of " + std::to_string(result.llm_turns.limit);
    text += " LLM turns" + counted(result.tool_results.size(), "tool call");
    const auto failed = std::ranges::count_if(result.tool_results, [](const tool_result& call) {
        return call.outcome != tool_outcome::ok;
    });
    if (failed > 0)
        text += " (" + std::to_string(failed) + " not ok)";
    if (result.usage)
        text += ", " + std::to_string(result.usage->total_tokens) +
                (result.usage_incomplete ? " tokens or more" : " tokens");
    if (!result.waiting.empty())
        text += counted(result.waiting.size(), "call") + " waiting";
    if (!result.unknown_outcomes.empty())
        text += counted(result.unknown_outcomes.size(), "unknown outcome");
    return text + ", " + spoken_seconds(result.timing.wall());
}

std::ostream& operator<<(std::ostream& out, const run_result& result)
{
    return out << to_string(result);
}

std::string_view to_string(server_tool_source source) noexcept
{
    switch (source) {
    case server_tool_source::server_results:
        return "server_results";
    case server_tool_source::tools_executed:
        return "tools_executed";
    case server_tool_source::mcp_tool_results:
        return "mcp_tool_results";
    }
    return "unknown";
}

std::string_view to_string(wait_decision decision) noexcept
{
    return handoff_core::wait_decision_names.name_of(decision);
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
