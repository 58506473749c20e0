#pragma once

#include <dedalus/api_error.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/dialect.hpp>
#include <dedalus/error.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_context.hpp>

#include "handoff/assemble.hpp"
#include "handoff/budget.hpp"
#include "handoff/history.hpp"
#include "handoff/ledger.hpp"
#include "handoff/normalise.hpp"
#include "handoff/plan.hpp"
#include "handoff/request_facts.hpp"
#include "handoff/run_report.hpp"
#include "handoff/run_settings.hpp"
#include "handoff/session.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dedalus::handoff_core {

/// A call to run now.
struct ready_call
{
    call_key key{};
    std::string name{};
    boost::json::object arguments{};
    int attempt = 1;
    std::optional<wait_kind> waits_for{};  ///< set: it does not run yet, and counts as held
    std::map<std::string, dependency_result, std::less<>> dependency_results{};
};

/// One run, without I/O: says what to send and which calls to run, and is told what came of it. Time is an argument.
///
/// It is a function of its settings, its request and what it is told: a machine that is told the same again is in the
/// same state, and gives the same next request. So the log of a run is what its machine was told.
///
/// begin_request() begins a request, which request() gives; what comes of it goes to one of on_answer(), on_error(),
/// on_refusal(), on_unknown_outcome() or on_unreadable_answer(), after which the same one is begun again where that is
/// allowed.
/// While calls_open(), start_ready() gives calls to run and finish() takes their ends. When begin_request() begins
/// nothing, the run has ended.
class run_machine
{
public:
    /// The request must have passed check_request().
    run_machine(run_settings settings, chat_completion_request request);

    /// Begins the next request: its turns are reserved. False: the run has ended; running out of turns ends it.
    bool begin_request();

    /// The request that was begun, with its messages as text of this dialect: `messages_raw`. Throws
    /// invalid_request_error for what JSON cannot hold.
    chat_completion_request request(dialect to);

    /// The SHA-256 of the body of what request() has given last, as 64 lower-case hex digits; its other members may
    /// have been changed.
    std::string body_sha256(const chat_completion_request& request, bool streamed, dialect to);

    void on_answer(chat_completion answer, time_point now);

    /// The server refused. True: the next request tries to resume in another way. False: the error is the caller's.
    bool on_error(const api_error& error);

    /// What on_error() would make of it.
    refusal_kind judge(const api_error& error) const;

    /// The server refused, and this came of it. Not for `unknown`.
    void on_refusal(refusal_kind kind);

    /// No answer, and the server may have worked. What was reserved counts as used.
    void on_unknown_outcome();

    /// The answer came and cannot be read: likewise, and the second such answer ends the run.
    void on_unreadable_answer();

    /// An answer of the present turn was of no use: another one ends the run.
    bool useless_answer_seen() const noexcept { return useless_answer_seen_; }

    /// When the last request was sent.
    void sent_at(time_point when) { sent_at_ = when; }

    /// Of the last request.
    const request_facts& sent() const noexcept { return sent_; }

    bool sending() const noexcept { return state_ == state::sending; }

    bool ended() const noexcept { return state_ == state::ended; }

    /// Calls of the last answer have not ended.
    bool calls_open() const noexcept { return state_ == state::executing; }

    /// The calls to run now: they count as started. And those that wait for somebody before they may run.
    std::vector<ready_call> start_ready(time_point now);

    /// A call that was started is started once more, without giving up its place.
    ready_call start_again(const call_key& key, time_point now);

    /// A call that was or is to be started waits for somebody outside.
    void hold(const call_key& key, wait_kind kind, time_point now);

    /// A person let a held call run.
    void approve(const call_key& key, time_point now, const approval& how = {});

    /// Messages of somebody outside: they follow the tool messages of the present turn. What comes while a request is
    /// on its way, or has to be sent again, goes with the one after it.
    void add_input(std::vector<message> messages);

    /// Tools whose calls need no approval any more.
    const id_set& always_approved() const noexcept { return always_approved_; }

    /// A call of the present turn was started in an earlier process, and may be started again.
    /// @param open  the last attempt was not seen to end, nor to do nothing
    void tried(const call_key& key, int attempts, time_point when, std::int64_t fence = 0, bool open = true);

    /// What the calls that start from now on are reported with.
    void set_fence(std::int64_t fence) { fence_ = fence; }

    /// The calls of the present turn.
    const std::vector<call_key>& open_keys() const noexcept { return open_keys_; }

    const call_record& call(const call_key& key) const { return ledger_.at(key); }

    /// That the tool had when the run began.
    tool_effect effect_of(const std::string& name) const;

    /// What a call is going to be named when an answer asks for it; empty when it is likely to be an earlier one.
    std::optional<call_key> key_if_new(const requested_call& call) const;

    /// All calls of the run, in the order in which they were asked for.
    const std::vector<call_record>& calls() const noexcept { return ledger_.records(); }

    /// The calls that ended without having been run since this was last asked.
    std::vector<call_key> take_not_run();

    /// The run stops here for a while: result() says so.
    void suspend(stop_reason reason) { report_.end(run_phase::suspended, reason); }

    /// From now on arguments are checked, calls held and their number limited as these say.
    void set_checks(check_arguments check, gate_check gates, tool_lanes lanes);

    /// From now on the ends of calls that are not run are told as this says.
    void set_describe_end(std::function<void(const call_record&, tool_end&)> describe)
    {
        settings_.describe_end = std::move(describe);
    }

    /// A started or held call has ended. `entered`: when its handler was.
    void finish(const call_key& key, tool_end end, time_point entered, time_point now);

    /// Ends the run early. Calls that have not ended count as cancelled, those that may have had an effect as of
    /// unknown outcome; none of them may be running any more.
    void stop(stop_reason reason, time_point now, run_phase phase = run_phase::failed);

    /// Something worth knowing about the present turn.
    void note(std::string code, std::string text);

    run_result result() const;

    /// Of the server's session; empty when there is none.
    const std::string& correlation_id() const noexcept { return session_.correlation_id(); }

    /// Calls that the server has deferred until ours have ended.
    bool has_deferred() const noexcept { return !session_.deferred().empty(); }

    /// Answers taken so far.
    int turn() const noexcept { return turn_; }

    const turn_account& turns() const noexcept { return budget_.account(); }

    /// How the run ended, or why it is suspended.
    const run_report& report() const noexcept { return report_; }

private:
    enum class state
    {
        ready,
        sending,
        executing,
        ended,
    };

    assembled_turn assemble(const chat_completion& answer) const;
    void take_server_results(const chat_completion& answer);
    void take_calls(const chat_completion& answer, bool over_reservation, time_point now);
    void plan_calls(const batch& work, time_point now);
    void take_nothing();
    void wait_for_server(assembled_turn turn);
    void end_with_answer(const chat_completion& answer, run_phase phase, stop_reason reason);
    void end(run_phase phase, stop_reason reason);
    std::vector<std::size_t> nodes_to_start();
    std::optional<wait_kind> gate_of(const call_record& call) const;
    bool was_started_before(const call_record& call) const;
    std::size_t node_of(const call_key& key) const;
    void describe(ready_call& call) const;
    void finish_not_run(const call_key& key, tool_end end, time_point now);
    void record_skipped(time_point now);
    void go_plain();
    std::vector<unknown_outcome> unknown_outcomes() const;
    tool_end stopped_end(const call_key& key);
    void complete_turn();
    void close_turn();
    bool repeats(const batch& work);
    bool add_to_history();
    id_set sent_deferred() const;
    id_set sent_held_back() const;
    std::string both_answers() const;
    void release_forced_tool(const chat_completion& answer, const batch& work);
    std::map<std::string, dependency_result, std::less<>> results_for(const call_record& call) const;

    run_settings settings_;
    chat_completion_request base_;
    turn_budget budget_;
    server_session session_;
    history history_;
    ledger ledger_;
    server_values server_values_;
    run_report report_;
    state state_ = state::ready;
    int turn_ = 0;
    request_facts sent_;
    time_point sent_at_{};
    std::int64_t fence_ = 0;
    std::optional<std::int64_t> resend_cap_;  ///< of a request whose outcome is unknown

    assembled_turn open_turn_;         ///< the answer whose calls are open
    std::vector<call_key> open_keys_;  ///< its calls, by node of the plan
    id_set held_back_;                 ///< calls of the last answer that are not answered
    plan plan_;
    std::vector<call_key> not_run_;
    id_set always_approved_;
    std::vector<message> added_input_;   ///< not in the history yet
    std::vector<int> unknown_requests_;  ///< the turns they were to begin

    bool useless_answer_seen_ = false;
    std::optional<id_set> waited_for_;    ///< deferred and held back calls of the last answer, when that was all
    std::string previous_answer_;         ///< id of the one before the last
    std::optional<id_set> repeated_ids_;  ///< calls of the last answer, when all of them were asked for before
};

}  // namespace dedalus::handoff_core
