// The part of run_machine that runs the calls of one turn.

#include "handoff/run_machine.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace dedalus::handoff_core {

std::vector<ready_call> run_machine::start_ready(time_point now)
{
    std::vector<ready_call> result;
    // A call that is held makes room for another one.
    for (std::vector<std::size_t> nodes = nodes_to_start(); !nodes.empty(); nodes = nodes_to_start()) {
        for (const std::size_t node : nodes) {
            const call_key& key = open_keys_[node];
            ready_call& call = result.emplace_back();
            call.key = key;
            call.waits_for = gate_of(ledger_.at(key));
            if (call.waits_for)
                hold(key, *call.waits_for);
            else
                call.attempt = ledger_.start(key, now, fence_);
            describe(call);
        }
    }
    return result;
}

ready_call run_machine::start_again(const call_key& key, time_point now)
{
    ready_call call;
    call.key = key;
    call.attempt = ledger_.start(key, now, fence_);
    describe(call);
    return call;
}

void run_machine::describe(ready_call& call) const
{
    const call_record& record = ledger_.at(call.key);
    call.name = record.request.name;
    call.arguments = request_to_run(record).arguments.value_or(boost::json::object());
    call.dependency_results = results_for(record);
}

std::vector<std::size_t> run_machine::nodes_to_start()
{
    if (!settings_.lanes)
        return plan_.start_ready();
    return plan_.start_ready([this](std::size_t node) {
        return settings_.lanes(ledger_.at(open_keys_[node]).request.name);
    });
}

// A call that was started once was approved before, and is not asked about again.
std::optional<wait_kind> run_machine::gate_of(const call_record& call) const
{
    if (!settings_.gates)
        return {};
    const call_gates gates = settings_.gates(call.request);
    const bool approved = call.approved || always_approved_.contains(call.request.name);
    if (gates.approval && !approved && call.attempts == 0)
        return wait_kind::approval;
    if (gates.external)
        return wait_kind::external_result;
    return {};
}

std::size_t run_machine::node_of(const call_key& key) const
{
    return static_cast<std::size_t>(std::find(open_keys_.begin(), open_keys_.end(), key) - open_keys_.begin());
}

void run_machine::hold(const call_key& key, wait_kind kind)
{
    const std::size_t node = node_of(key);
    if (node == open_keys_.size() || ledger_.at(key).state == call_state::finished)
        return;
    if (kind == wait_kind::unknown_outcome)
        note_unknown(turn_, key.call_id);
    ledger_.wait(key, kind);
    plan_.hold(node);
}

void run_machine::approve(const call_key& key, const approval& how)
{
    const std::size_t node = node_of(key);
    if (node == open_keys_.size() || ledger_.at(key).state != call_state::waiting)
        return;
    ledger_.approve(key, how.arguments);
    if (how.always)
        always_approved_.insert(ledger_.at(key).request.name);
    plan_.release(node);
}

void run_machine::add_input(std::vector<message> messages)
{
    added_input_.insert(
        added_input_.end(), std::make_move_iterator(messages.begin()), std::make_move_iterator(messages.end())
    );
}

void run_machine::tried(const call_key& key, int attempts, time_point when, std::int64_t fence)
{
    if (node_of(key) != open_keys_.size() && ledger_.at(key).state != call_state::finished)
        ledger_.tried(key, attempts, when, fence);
}

void run_machine::finish(const call_key& key, tool_end end, time_point entered, time_point now)
{
    const std::size_t node = node_of(key);
    if (node == open_keys_.size() || ledger_.at(key).state == call_state::finished)
        return;
    const bool ok = end.outcome == tool_outcome::ok;
    // The model must not think about arguments that were never used.
    if (const std::optional<boost::json::object>& edited = ledger_.at(key).edited)
        end.content.insert(0, end.note ? *end.note : edited_note(*edited));
    ledger_.entered(key, entered);
    ledger_.finish(key, std::move(end), now);
    plan_.finish(node, ok);
    record_skipped(now);
    complete_turn();
}

void run_machine::stop(stop_reason reason, time_point now, run_phase phase)
{
    if (state_ == state::executing) {
        for (const call_key& key : open_keys_)
            ledger_.finish(key, cancelled_end(), now);
        close_turn();
    }
    end(phase, reason);
}

std::vector<call_key> run_machine::take_not_run()
{
    return std::exchange(not_run_, {});
}

void run_machine::set_checks(
    check_arguments check, std::function<call_gates(const requested_call&)> gates, tool_lanes lanes
)
{
    settings_.lanes = std::move(lanes);
    settings_.check = std::move(check);
    settings_.gates = std::move(gates);
}

void run_machine::record_skipped(time_point now)
{
    for (const plan::skipped& skipped : plan_.take_skipped()) {
        const call_record& cause = ledger_.at(open_keys_[skipped.because_of]);
        finish_not_run(open_keys_[skipped.node], skipped_end(cause.key.call_id, cause.request.name), now);
    }
}

void run_machine::finish_not_run(const call_key& key, tool_end end, time_point now)
{
    if (ledger_.at(key).state == call_state::finished)
        return;
    if (settings_.describe_end)
        settings_.describe_end(ledger_.at(key), end);
    ledger_.finish(key, std::move(end), now);
    not_run_.push_back(key);
}

void run_machine::complete_turn()
{
    if (plan_.done())
        close_turn();
}

void run_machine::close_turn()
{
    answer_texts answers = std::move(open_turn_.server_answers);
    for (const call_key& key : open_keys_)
        answers[key.call_id] = ledger_.at(key).end.content;
    history_.append(std::move(open_turn_.message), answers);
    state_ = state::ready;
}

std::map<std::string, dependency_result, std::less<>> run_machine::results_for(const call_record& call) const
{
    std::map<std::string, dependency_result, std::less<>> results;
    for (const std::string& id : call.request.dependencies) {
        const call_record* dependency = ledger_.latest(id);
        if (dependency != nullptr && dependency->state == call_state::finished) {
            results[id].outcome = dependency->end.outcome;
            results[id].value = dependency->end.value;
        }
        else if (const auto server = server_values_.find(id); server != server_values_.end()) {
            results[id].value = server->second;
        }
    }
    return results;
}

}  // namespace dedalus::handoff_core
