// The part of run_machine that runs the calls of one turn.

#include "handoff/forced_tool.hpp"
#include "handoff/run_machine.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace dedalus::handoff_core {

namespace {

bool effect_is_unknown(const tool_end& end, tool_effect effect)
{
    return end.outcome == tool_outcome::unknown_outcome ||
           (end.outcome == tool_outcome::timeout && effect == tool_effect::once && !end.outcome_known);
}

// Of a call that will not be judged any more.
bool may_have_acted(const call_record& call)
{
    if (call.state == call_state::waiting)
        return call.waits_for == wait_kind::unknown_outcome;
    return call.may_have_acted && call.effect != tool_effect::pure;
}

}  // namespace

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
                hold(key, *call.waits_for, now);
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
    const bool approved = call.approved || always_approved_.contains(call.request.name);
    const bool may_ask = !approved && call.attempts == 0;
    const call_gates gates = settings_.gates(call.request, may_ask);
    if (may_ask && (gates.approval || (gates.confirm_repeat && was_started_before(call))))
        return wait_kind::approval;
    if (gates.external)
        return wait_kind::external_result;
    return {};
}

bool run_machine::was_started_before(const call_record& call) const
{
    const std::vector<call_record>& all = ledger_.records();
    return std::any_of(all.begin(), all.end(), [&call](const call_record& other) {
        return other.attempts > 0 && other.key != call.key && other.fingerprint == call.fingerprint;
    });
}

std::optional<call_key> run_machine::key_if_new(const requested_call& call) const
{
    const call_record* earlier = ledger_.latest(call.id);
    if (earlier == nullptr)
        return call_key{call.id, 0};
    if (earlier->fingerprint == fingerprint(call))
        return {};
    return call_key{call.id, earlier->key.occurrence + 1};
}

std::size_t run_machine::node_of(const call_key& key) const
{
    return static_cast<std::size_t>(std::find(open_keys_.begin(), open_keys_.end(), key) - open_keys_.begin());
}

void run_machine::hold(const call_key& key, wait_kind kind, time_point now)
{
    const std::size_t node = node_of(key);
    if (node == open_keys_.size() || ledger_.at(key).state == call_state::finished)
        return;
    if (kind == wait_kind::unknown_outcome)
        ledger_.mark_unknown(key);
    ledger_.wait(key, kind, now);
    plan_.hold(node);
}

void run_machine::approve(const call_key& key, time_point now, const approval& how)
{
    const std::size_t node = node_of(key);
    if (node == open_keys_.size() || ledger_.at(key).state != call_state::waiting)
        return;
    ledger_.approve(key, now, how.arguments);
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

void run_machine::tried(const call_key& key, int attempts, time_point when, std::int64_t fence, bool open)
{
    if (node_of(key) != open_keys_.size() && ledger_.at(key).state != call_state::finished)
        ledger_.tried(key, attempts, when, fence, open);
}

void run_machine::finish(const call_key& key, tool_end end, time_point entered, time_point now)
{
    const std::size_t node = node_of(key);
    if (node == open_keys_.size() || ledger_.at(key).state == call_state::finished)
        return;
    const bool ok = end.outcome == tool_outcome::ok;
    if (effect_is_unknown(end, ledger_.at(key).effect))
        ledger_.mark_unknown(key);
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
            ledger_.finish(key, stopped_end(key), now);
        close_turn();
    }
    end(phase, reason);
}

tool_end run_machine::stopped_end(const call_key& key)
{
    const call_record& call = ledger_.at(key);
    if (call.state == call_state::finished || !may_have_acted(call))
        return cancelled_end();
    ledger_.mark_unknown(key);
    return unknown_outcome_end();
}

std::vector<call_key> run_machine::take_not_run()
{
    return std::exchange(not_run_, {});
}

void run_machine::set_checks(check_arguments check, gate_check gates, tool_lanes lanes)
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
            results[id].text = dependency->end.content;
        }
        else if (const auto server = server_values_.find(id); server != server_values_.end()) {
            results[id].value = server->second;
            results[id].text = server_result_text(server->second);
        }
    }
    return results;
}

// The first repetition is answered with the saved results; a server that then asks once more does not listen.
bool run_machine::repeats(const batch& work)
{
    const bool all_known =
        !work.nodes.empty() &&
        std::all_of(work.nodes.begin(), work.nodes.end(), [](const auto& node) { return node.known.has_value(); });
    if (!all_known) {
        repeated_ids_.reset();
        return false;
    }
    id_set ids;
    for (const batch_node& node : work.nodes)
        ids.insert(node.call.id);
    const bool again = repeated_ids_ == ids;
    repeated_ids_ = std::move(ids);
    return again;
}

void run_machine::release_forced_tool(const chat_completion& answer, const batch& work)
{
    if (!base_.tool_choice)
        return;
    const auto used = [this](std::string_view name) { return is_forced_by(*base_.tool_choice, name); };
    const bool by_client =
        std::any_of(
            work.nodes.begin(), work.nodes.end(), [&](const batch_node& node) { return used(node.call.name); }
        ) ||
        std::any_of(work.held_back.begin(), work.held_back.end(), [&](const requested_call& call) {
            return used(call.name);
        });
    const bool by_server = std::any_of(answer.tools_executed.begin(), answer.tools_executed.end(), used);
    if (by_client || by_server)
        base_.tool_choice = released(*base_.tool_choice);
}

}  // namespace dedalus::handoff_core
