#include "handoff/run_narrator.hpp"

#include <algorithm>
#include <utility>

namespace dedalus::handoff_core {

std::vector<dedalus::run_event> run_narrator::begin(const run_machine& machine, bool was_resumed)
{
    look(machine);  // what was there before is not told
    const run_result& report = machine.report().so_far();
    if (!was_resumed)
        return {run_started_event{report.run_id}};
    run_resumed_event resumed;
    resumed.run_id = report.run_id;
    resumed.turns_used = turns_;
    for (const told_call& call : calls_)
        ++(call.state == call_state::finished ? resumed.calls_finished : resumed.calls_open);
    return {resumed};
}

std::vector<dedalus::run_event> run_narrator::look(const run_machine& machine)
{
    look_at_answer(machine.report().so_far());
    look_at_calls(machine);
    look_at_request(machine);
    return std::exchange(events_, {});
}

void run_narrator::look_at_request(const run_machine& machine)
{
    const bool sending = machine.sending();
    if (sending && !sending_)
        events_.emplace_back(turn_started_event{machine.sent().turn, machine.sent().attempt});
    sending_ = sending;
}

void run_narrator::look_at_answer(const run_result& report)
{
    if (report.turns_used > turns_) {
        turns_ = report.turns_used;
        const chat_completion& answer = report.last_completion;
        events_.emplace_back(response_saved_event{turns_, answer.model, answer.info.request_id});
        if (answer.usage)
            events_.emplace_back(usage_event{turns_, *answer.usage});
    }
    for (; server_tools_ < report.server_tools.size(); ++server_tools_)
        events_.emplace_back(server_call_event{report.server_tools[server_tools_]});
    for (; diagnostics_ < report.diagnostics.size(); ++diagnostics_)
        events_.emplace_back(diagnostic_event{report.diagnostics[diagnostics_]});
}

void run_narrator::look_at_calls(const run_machine& machine)
{
    const std::vector<call_record>& calls = machine.calls();
    for (; calls_.size() < calls.size(); calls_.emplace_back()) {
        const call_record& call = calls[calls_.size()];
        events_.emplace_back(call_planned_event{
            call.turn, call.key.call_id, call.key.occurrence, call.request.name, reported_arguments(call.request)});
    }
    for (std::size_t i = all_finished_before_; i < calls.size(); ++i) {
        look_at_call(calls[i], calls_[i]);
        if (i == all_finished_before_ && calls[i].state == call_state::finished)
            ++all_finished_before_;
    }
}

void run_narrator::look_at_call(const call_record& call, told_call& told)
{
    if (told.state == call_state::finished)
        return;
    const call_key& key = call.key;
    if (call.attempts > told.attempts)
        events_.emplace_back(call_started_event{key.call_id, key.occurrence, call.request.name, call.attempts});
    const bool waits = call.state == call_state::waiting;
    if (waits && (told.state != call_state::waiting || told.waits_for != call.waits_for))
        events_.emplace_back(call_waiting_event{key.call_id, key.occurrence, call.request.name, call.waits_for});
    if (call.state == call_state::finished)
        events_.emplace_back(call_finished_event{to_tool_result(call)});
    told = {call.state, call.waits_for, call.attempts};
}

}  // namespace dedalus::handoff_core
