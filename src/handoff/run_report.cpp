#include "handoff/run_report.hpp"

#include "handoff/classify.hpp"
#include "handoff/usage_sum.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace dedalus::handoff_core {

namespace {

constexpr std::size_t max_diagnostics = 100;
constexpr std::int64_t most_milliseconds = 1'000'000'000'000;  // what a server says more is no duration

waiting_call to_waiting_call(const call_record& record, const std::string& run_id)
{
    waiting_call result;
    result.run_id = run_id;
    result.call_id = record.key.call_id;
    result.occurrence = record.key.occurrence;
    result.name = record.request.name;
    const requested_call request = request_to_run(record);
    result.arguments = reported_arguments(request);
    result.fingerprint = fingerprint(request);
    result.kind = record.waits_for;
    return result;
}

std::string name_of(const model_entry& model)
{
    const auto* name = std::get_if<std::string>(&model);
    return name != nullptr ? *name : std::get<dedalus_model>(model).model;
}

std::string name_of(const model_selection& models)
{
    if (const auto* name = std::get_if<std::string>(&models))
        return *name;
    if (const auto* model = std::get_if<dedalus_model>(&models))
        return model->model;
    std::string names;
    for (const model_entry& each : std::get<std::vector<model_entry>>(models))
        names += (names.empty() ? "" : ", ") + name_of(each);
    return names;
}

}  // namespace

tool_result to_tool_result(const call_record& record)
{
    tool_result result;
    result.call_id = record.key.call_id;
    result.occurrence = record.key.occurrence;
    result.fingerprint = record.fingerprint;
    result.effect = record.effect;
    result.value = record.end.value;
    result.fence = record.fence;
    result.name = record.request.name;
    result.arguments = reported_arguments(record.request);
    result.edited_arguments = record.edited;
    result.dependencies = record.request.dependencies;
    result.outcome = record.end.outcome;
    result.kind = record.end.kind;
    result.outcome_known = record.end.outcome_known;
    result.content = record.end.content;
    result.turn = record.turn;
    result.attempts = record.attempts;
    result.queued = record.queued;
    result.started = record.started;
    result.finished = record.finished;
    result.waited = record.waited;
    return result;
}

run_report::run_report(std::string run_id)
{
    result_.run_id = std::move(run_id);
}

void run_report::add_answer(
    const chat_completion& answer, int turn, const model_selection& asked, time_point sent, time_point answered
)
{
    result_.turns_used = turn;
    run_turn& told = result_.turns.emplace_back();
    told.turn = turn;
    told.requested_model = name_of(asked);
    told.model = answer.model;
    told.request_id = answer.info.request_id;
    told.usage = answer.usage;
    told.turns_consumed = answer.turns_consumed;
    told.sent = sent;
    told.answered = answered;
    result_.timing.http += std::chrono::duration_cast<std::chrono::microseconds>(answered - sent);
    if (answer.correlation_id && !answer.correlation_id->empty()) {
        std::vector<std::string>& ids = result_.correlation_ids;
        if (std::find(ids.begin(), ids.end(), *answer.correlation_id) == ids.end())
            ids.push_back(*answer.correlation_id);
    }
    if (!answer.info.request_id.empty())
        result_.request_ids.push_back(answer.info.request_id);
    if (answer.choices.size() > 1)
        note("extra_choices", turn, "only the first choice of the answer is followed");
    for (const deferred_call& call : answer.deferred) {
        if (call.venue && *call.venue != call_venue::server)
            note("deferred_venue", turn, "the deferred call " + call.id + " has the venue " + call.venue->str());
    }
    for (const auto& [server, problem] : answer.mcp_server_errors) {
        note("mcp_server_error", turn, server + ": " + problem.message);
        result_.mcp_errors.push_back({turn, server, problem});
    }
    add_usage_of(answer);
    add_server_tools(answer, turn);
    result_.last_completion = answer;
    result_.final_text = answer.text();
    if (const assistant_message* message = answer.first_message(); message != nullptr && result_.final_text.empty())
        result_.final_text = refusal_text(*message);
}

void run_report::server_call_seen(int turn, std::string id, std::string name)
{
    note("server_call_seen", turn, "the answer has the call " + id + " of " + name + ", which is not ours");
    const auto same = [&](const server_tool_result& seen) { return seen.turn == turn && seen.call_id == id; };
    if (!id.empty() && std::ranges::any_of(result_.server_tools, same))
        return;  // told with its result
    server_tool_result& seen = result_.server_tools.emplace_back();
    seen.turn = turn;
    seen.call_id = std::move(id);
    seen.name = std::move(name);
}

void run_report::note(std::string code, int turn, std::string text)
{
    if (result_.diagnostics.size() >= max_diagnostics)
        return;
    run_diagnostic& diagnostic = result_.diagnostics.emplace_back();
    diagnostic.code = std::move(code);
    diagnostic.turn = turn;
    diagnostic.text = std::move(text);
}

void run_report::note(std::vector<run_diagnostic> diagnostics)
{
    for (run_diagnostic& diagnostic : diagnostics)
        note(std::move(diagnostic.code), diagnostic.turn, std::move(diagnostic.text));
}

void run_report::end(run_phase phase, stop_reason reason)
{
    result_.phase = phase;
    result_.stop_reason = reason;
}

run_result run_report::result(const ledger& calls) const
{
    run_result result = result_;
    for (const call_record& record : calls.records()) {
        if (record.state == call_state::finished)
            result.tool_results.push_back(to_tool_result(record));
        else if (record.state == call_state::waiting)
            result.waiting.push_back(to_waiting_call(record, result.run_id));
    }
    return result;
}

void run_report::add_usage_of(const chat_completion& answer)
{
    if (!answer.usage) {
        result_.usage_incomplete = true;
        return;
    }
    if (!result_.usage)
        result_.usage.emplace();
    add_usage(*result_.usage, *answer.usage);
}

void run_report::add_server_tools(const chat_completion& answer, int turn)
{
    const auto add = [this, turn](server_tool_source source) -> server_tool_result& {
        server_tool_result& seen = result_.server_tools.emplace_back();
        seen.turn = turn;
        seen.source = source;
        return seen;
    };
    if (answer.server_results) {
        for (const boost::json::key_value_pair& entry : *answer.server_results) {
            server_tool_result& seen = add(server_tool_source::server_results);
            seen.call_id = std::string(entry.key());
            seen.value = entry.value();
        }
    }
    for (const std::string& name : answer.tools_executed)
        add(server_tool_source::tools_executed).name = name;
    for (const mcp_tool_result& result : answer.mcp_tool_results) {
        server_tool_result& seen = add(server_tool_source::mcp_tool_results);
        seen.name = result.tool_name;
        seen.value = result.result.value_or(nullptr);
        seen.server = result.server_name;
        seen.arguments = result.arguments;
        seen.is_error = result.is_error;
        if (result.duration_ms && *result.duration_ms >= 0 && *result.duration_ms <= most_milliseconds)
            seen.duration = std::chrono::milliseconds(*result.duration_ms);
    }
}

}  // namespace dedalus::handoff_core
