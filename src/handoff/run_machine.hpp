#pragma once

#include <dedalus/api_error.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/error.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_context.hpp>

#include "handoff/assemble.hpp"
#include "handoff/budget.hpp"
#include "handoff/history.hpp"
#include "handoff/ledger.hpp"
#include "handoff/normalise.hpp"
#include "handoff/plan.hpp"
#include "handoff/run_report.hpp"
#include "handoff/session.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

struct run_settings
{
    std::string run_id{};
    int max_turns = 10;
    std::size_t max_concurrency = 8;
    bool extensions = true;                       ///< send the Dedalus members
    std::vector<std::string> tool_names{};        ///< registered ones
    std::function<std::string()> make_call_id{};  ///< ids for calls that come without one
    check_arguments check{};                      ///< of the arguments of registered tools; empty: all are right
};

/// A call to run now.
struct ready_call
{
    call_key key{};
    std::string name{};
    boost::json::object arguments{};
    int attempt = 1;
    std::map<std::string, dependency_result, std::less<>> dependency_results{};
};

/// One run, without I/O: says what to send and which calls to run, and is told what came of it. Time is an argument.
///
/// next_request() gives a request; what comes of it goes to one of on_answer(), on_error() or on_unknown_outcome().
/// While calls_open(), start_ready() gives calls to run and finish() takes their ends. When next_request() gives
/// nothing, the run has ended.
class run_machine
{
public:
    /// The request must have passed check_request().
    run_machine(run_settings settings, chat_completion_request request);

    /// The next request, with its turns reserved. Empty when the run has ended; running out of turns ends it.
    std::optional<chat_completion_request> next_request();

    void on_answer(chat_completion answer, time_point now);

    /// The server refused. True: next_request() tries to resume in another way. False: the error is the caller's.
    bool on_error(const api_error& error);

    /// No answer, and the server may have worked.
    void on_unknown_outcome();

    /// Calls of the last answer have not ended.
    bool calls_open() const noexcept { return state_ == state::executing; }

    /// The calls to run now. They count as started.
    std::vector<ready_call> start_ready(time_point now);

    /// A started call has ended. `entered`: when its handler was.
    void finish(const call_key& key, tool_end end, time_point entered, time_point now);

    /// Ends the run early. Calls that have not ended count as cancelled; none of them may be running any more.
    void stop(stop_reason reason, time_point now);

    /// Something worth knowing about the present turn.
    void note(std::string code, std::string text);

    run_result result() const;

private:
    enum class state
    {
        ready,
        sending,
        executing,
        ended,
    };

    void take_server_results(const chat_completion& answer);
    void take_calls(const chat_completion& answer, bool over_reservation, time_point now);
    void plan_calls(const batch& work, time_point now);
    void take_nothing();
    void wait_for_server(assembled_turn turn);
    void end_with_answer(const chat_completion& answer, run_phase phase, stop_reason reason);
    void end(run_phase phase, stop_reason reason);
    void record_skipped(time_point now);
    void complete_turn();
    void close_turn();
    bool repeats(const batch& work);
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

    assembled_turn open_turn_;         ///< the answer whose calls are open
    std::vector<call_key> open_keys_;  ///< its calls, by node of the plan
    plan plan_;

    bool empty_answer_seen_ = false;
    std::optional<id_set> waited_for_;    ///< deferred calls of the last answer, when it asked for nothing; may be none
    std::optional<id_set> repeated_ids_;  ///< calls of the last answer, when all of them were asked for before
};

/// Throws invalid_request_error: more than one choice (`n`), `max_turns` below 1, `deferred_calls_raw` that is no
/// array, messages in which a tool call has no answer or a tool message no call, or a member of `extra` that would take
/// the place of one that the loop sets.
void check_request(const chat_completion_request& request);

}  // namespace dedalus::handoff_core
