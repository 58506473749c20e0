#include <dedalus/error.hpp>
#include <dedalus/handoff/tool_context.hpp>

#include "handoff/tool_context_data.hpp"
#include "protocol/redaction.hpp"

#include <utility>

namespace dedalus {

std::string_view to_string(tool_outcome outcome) noexcept
{
    switch (outcome) {
    case tool_outcome::ok:
        return "ok";
    case tool_outcome::error:
        return "error";
    case tool_outcome::timeout:
        return "timeout";
    case tool_outcome::cancelled:
        return "cancelled";
    case tool_outcome::skipped_dependency:
        return "skipped_dependency";
    case tool_outcome::invalid_arguments:
        return "invalid_arguments";
    case tool_outcome::unknown_tool:
        return "unknown_tool";
    case tool_outcome::rejected:
        return "rejected";
    case tool_outcome::expired:
        return "expired";
    case tool_outcome::unknown_outcome:
        return "unknown_outcome";
    }
    return "unknown";
}

tool_context::tool_context(std::shared_ptr<const data> d) : data_(std::move(d)) {}

const std::string& tool_context::run_id() const noexcept
{
    return data_->run_id;
}

const std::string& tool_context::call_id() const noexcept
{
    return data_->call_id;
}

int tool_context::attempt() const noexcept
{
    return data_->attempt;
}

tool_effect tool_context::effect() const noexcept
{
    return data_->effect;
}

bool tool_context::stop_requested() const noexcept
{
    return data_->stop.stop_requested();
}

const std::stop_token& tool_context::stop_token() const noexcept
{
    return data_->stop;
}

std::int64_t tool_context::fence() const noexcept
{
    return data_->fence;
}

const std::string& tool_context::idempotency_key() const noexcept
{
    return data_->idempotency_key;
}

std::chrono::steady_clock::time_point tool_context::deadline() const noexcept
{
    return data_->deadline;
}

const std::map<std::string, dependency_result, std::less<>>& tool_context::dependency_results() const noexcept
{
    return data_->dependency_results;
}

stores::append_request tool_context::finish_record(boost::json::value result) const
{
    if (!data_->finish_record)
        throw config_error("the end of a call cannot be written: its run has no store");
    return data_->finish_record(std::move(result));
}

void tool_context::progress() const
{
    progress(nullptr);
}

void tool_context::progress(boost::json::value what) const
{
    if (data_->on_progress)
        data_->on_progress(std::move(what));
}

void tool_context::log(log_level level, std::string_view event, std::vector<log_field> fields) const
{
    if (level == log_level::off || !data_->log || !data_->log->enabled(level))
        return;
    std::vector<log_field> line{
        {"run", data_->run_id}, {"call_id", data_->call_id}, {"attempt", std::to_string(data_->attempt)}};
    for (log_field& each : fields) {
        const bool secret = protocol::is_secret_name(each.name);
        line.push_back({each.name, secret ? std::string(protocol::redacted) : protocol::redacted_text(each.value)});
    }
    try {
        data_->log->log(level, event, line);
    }
    catch (...) {
        // A log that cannot be written is no reason for a tool to fail.
    }
}

}  // namespace dedalus
