#include "handoff/run_machine.hpp"

#include "handoff/classify.hpp"
#include "handoff/streamed_rules.hpp"

#include <boost/json/value.hpp>

#include <utility>

namespace dedalus::handoff_core {

namespace {

constexpr int conflict = 409;
constexpr int too_many_requests = 429;
constexpr std::size_t most_unknown_outcomes = 100;

// Nobody can tell whether the model ran before such an answer.
bool outcome_is_unknown(const api_error& error)
{
    return error.status() == 408 || error.status() >= 500 || error.in_stream();
}

std::string ids_text(const id_set& ids)
{
    std::string text;
    for (const std::string& id : ids)
        text += (text.empty() ? "" : ", ") + id;
    return text;
}

// For whoever looks into the logs of the server.
std::string answer_name(const chat_completion& answer)
{
    if (!answer.id.empty())
        return answer.id;
    return answer.info.request_id.empty() ? "without id" : answer.info.request_id;
}

}  // namespace

run_machine::run_machine(run_settings settings, chat_completion_request request)
    : settings_(std::move(settings)), base_(std::move(request)),
      budget_(settings_.max_turns, settings_.extensions ? base_.max_turns : std::optional<std::int64_t>(1)),
      session_(base_), history_(std::exchange(base_.messages, {})), report_(settings_.run_id)
{}

void run_machine::on_answer(chat_completion answer, time_point now)
{
    const answer_kind kind = classify(answer, settings_.tool_names);
    const bool over_reservation = budget_.settle(answer.turns_consumed);
    sent_ = {};
    resend_cap_.reset();
    if (kind == answer_kind::nothing)
        return take_nothing();

    useless_answer_seen_ = false;
    previous_answer_ = answer_name(report_.so_far().last_completion);
    report_.add_answer(answer, ++turn_, base_.model, sent_at_, now);
    for (earlier_call& call : earlier_calls(answer))
        report_.server_call_seen(turn_, std::move(call.id), std::move(call.name));
    if (over_reservation)
        note("turns_over_reservation", "the server used more turns than max_turns of the request allowed");
    session_.update(answer, settings_.profile.correlation_id_lasts);
    held_back_.clear();
    take_server_results(answer);

    switch (kind) {
    case answer_kind::nothing:
        break;
    case answer_kind::handoff:
    case answer_kind::plain_calls:
        return take_calls(answer, over_reservation, now);
    case answer_kind::server_waits:
        return wait_for_server(assemble(answer));
    case answer_kind::length:
        return end_with_answer(answer, run_phase::completed, stop_reason::length);
    case answer_kind::content_filter:
        return end_with_answer(answer, run_phase::completed, stop_reason::content_filter);
    case answer_kind::refusal:
        return end_with_answer(answer, run_phase::completed, stop_reason::refusal);
    case answer_kind::final_answer:
        return end_with_answer(answer, run_phase::completed, stop_reason::final);
    case answer_kind::unsupported:
        return end_with_answer(answer, run_phase::failed, stop_reason::unsupported);
    }
}

bool run_machine::on_error(const api_error& error)
{
    const refusal_kind kind = judge(error);
    if (kind == refusal_kind::unknown)
        on_unknown_outcome();
    else
        on_refusal(kind);
    return asks_otherwise(kind);
}

refusal_kind run_machine::judge(const api_error& error) const
{
    // Without the key for its credentials the request was not sent.
    if (!error.server().empty())
        return refusal_kind::final;
    if (outcome_is_unknown(error))
        return refusal_kind::unknown;
    server_session tried = session_;
    if (settings_.extensions && tried.fall_back(error))
        return refusal_kind::fall_back;
    if (settings_.extensions && refuses_extensions(error))
        return refusal_kind::go_plain;
    return error.status() == conflict || error.status() == too_many_requests ? refusal_kind::not_worked
                                                                             : refusal_kind::final;
}

void run_machine::on_refusal(refusal_kind kind)
{
    budget_.refund();
    resend_cap_.reset();
    ++sent_.epoch;
    state_ = state::ready;
    if (kind == refusal_kind::go_plain)
        return go_plain();
    if (kind != refusal_kind::fall_back || !session_.step_down())
        return;
    note(
        "session_lost",
        session_.step() == resume_step::stateless ? "the server cannot resume: going on without correlation_id"
                                                  : "the server cannot resume: going on without deferred calls"
    );
}

void run_machine::go_plain()
{
    settings_.extensions = false;
    budget_.limit_requests(1);
    note("extensions_dropped", "the server does not know the Dedalus members: going on without them");
}

void run_machine::on_unknown_outcome()
{
    resend_cap_ = budget_.reserved();
    budget_.charge_unknown();
    unknown_requests_.push_back(turn_ + 1);
    state_ = state::ready;
}

void run_machine::on_unreadable_answer()
{
    on_unknown_outcome();
    note("unreadable_answer", "the answer is not what the API gives");
    if (std::exchange(useless_answer_seen_, true))
        end(run_phase::failed, stop_reason::protocol_error);
}

void run_machine::note(std::string code, std::string text)
{
    report_.note(std::move(code), turn_, std::move(text));
}

// A request comes before the calls of the turn that it begins, whichever of them is heard of first.
std::vector<unknown_outcome> run_machine::unknown_outcomes() const
{
    std::vector<unknown_outcome> all;
    for (const int turn : unknown_requests_)
        all.push_back({turn, {}});
    for (const call_record& call : ledger_.records()) {
        if (call.unknown)
            all.push_back({call.turn, call.key.call_id});
    }
    std::ranges::stable_sort(all, {}, &unknown_outcome::turn);
    if (all.size() > most_unknown_outcomes)
        all.resize(most_unknown_outcomes);
    return all;
}

run_result run_machine::result() const
{
    run_result result = report_.result(ledger_);
    result.messages = history_.sendable({});
    result.llm_turns = budget_.account();
    result.unknown_outcomes = unknown_outcomes();
    for (const tool_result& call : result.tool_results) {
        if (call.attempts > 0)
            result.timing.tools += call.duration();
    }
    result.usage_incomplete = result.usage_incomplete || result.llm_turns.charged_unknown > 0;
    return result;
}

assembled_turn run_machine::assemble(const chat_completion& answer) const
{
    assembled_turn turn = assemble_turn(answer, settings_.tool_names, turn_, settings_.make_call_id);
    if (!settings_.profile.server_results_as_tool_messages)
        turn.server_answers.clear();
    return turn;
}

void run_machine::take_server_results(const chat_completion& answer)
{
    if (!answer.server_results)
        return;
    for (const boost::json::key_value_pair& entry : *answer.server_results) {
        server_values_[std::string(entry.key())] = entry.value();
        if (settings_.profile.server_results_as_tool_messages)
            history_.answer_late(entry.key(), server_result_text(answer, entry.key(), entry.value()));
    }
}

void run_machine::take_calls(const chat_completion& answer, bool over_reservation, time_point now)
{
    if (over_reservation && budget_.exhausted())
        return end_with_answer(answer, run_phase::budget_exhausted, stop_reason::budget);

    open_turn_ = assemble(answer);
    report_.note(std::move(open_turn_.diagnostics));
    const batch_context context{
        ledger_,
        server_values_,
        session_.deferred(),
        settings_.tool_names,
        turn_,
        settings_.limits,
        settings_.check,
        settings_.rules};
    batch work = normalise(std::move(open_turn_.requested), context);
    report_.note(std::move(work.diagnostics));
    release_forced_tool(answer, work);

    if (work.protocol_error) {
        note("protocol_error", *work.protocol_error);
        return end_with_answer(answer, run_phase::failed, stop_reason::protocol_error);
    }
    for (const requested_call& call : work.held_back)
        held_back_.insert(call.id);
    if (work.nodes.empty() && open_turn_.server_answers.empty())
        return wait_for_server(std::move(open_turn_));
    waited_for_.reset();
    if (repeats(work)) {
        note("no_progress", "the same calls were asked for again: " + ids_text(*repeated_ids_) + both_answers());
        return end_with_answer(answer, run_phase::failed, stop_reason::no_progress);
    }
    plan_calls(work, now);
    if (work.fatal) {
        note("tool_fatal", *work.fatal);
        stop(stop_reason::tool_fatal, now);
    }
}

void run_machine::plan_calls(const batch& work, time_point now)
{
    open_keys_.clear();
    for (const batch_node& node : work.nodes)
        open_keys_.push_back(
            node.known ? *node.known : ledger_.add(node.call, node.fingerprint, turn_, now, effect_of(node.call.name))
        );
    plan_ = plan(work, ledger_, settings_.max_concurrency);
    for (std::size_t i = 0; i < work.nodes.size(); ++i) {
        if (!work.nodes[i].decided)
            continue;
        finish_not_run(open_keys_[i], *work.nodes[i].decided, now);
    }
    state_ = state::executing;
    record_skipped(now);
    complete_turn();
}

tool_effect run_machine::effect_of(const std::string& name) const
{
    const auto known = settings_.effects.find(name);
    return known == settings_.effects.end() ? tool_effect::once : known->second;
}

// Such an answer is no progress, so it does not count as a turn; it is asked for once more.
void run_machine::take_nothing()
{
    note("empty_response", "the answer has no choice and no handoff member");
    if (std::exchange(useless_answer_seen_, true))
        end(run_phase::failed, stop_reason::protocol_error);
    else
        state_ = state::ready;
}

void run_machine::wait_for_server(assembled_turn turn)
{
    report_.note(std::move(turn.diagnostics));
    history_.append(std::move(turn.message), turn.server_answers);
    id_set waits_for = session_.deferred_ids();
    waits_for.insert(held_back_.begin(), held_back_.end());
    if (waited_for_ == waits_for) {
        note("no_progress", "the server waits again, and nothing is left to give it" + both_answers());
        return end(run_phase::failed, stop_reason::no_progress);
    }
    waited_for_ = std::move(waits_for);
    state_ = state::ready;
}

void run_machine::end_with_answer(const chat_completion& answer, run_phase phase, stop_reason reason)
{
    assembled_turn turn = assemble(answer);
    if (reason == stop_reason::final) {
        report_.note(std::move(turn.diagnostics));
        for (const requested_call& call : turn.requested)
            report_.server_call_seen(turn_, call.id, call.name);
        if (answer.text().empty())
            note("empty_answer", "the final answer has no text");
    }
    turn.message.function_call.reset();  // nothing answers it
    history_.append(std::move(turn.message), turn.server_answers);
    end(phase, reason);
}

void run_machine::end(run_phase phase, stop_reason reason)
{
    if (!added_input_.empty())
        note("input_not_used", "the run ended before the messages that were added could be sent");
    report_.end(phase, reason);
    state_ = state::ended;
}

std::string run_machine::both_answers() const
{
    return " (answers " + previous_answer_ + " and " + answer_name(report_.so_far().last_completion) + ')';
}

}  // namespace dedalus::handoff_core
