#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/config.hpp>
#include <dedalus/handoff/run_phase.hpp>
#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/handoff/tool_effect.hpp>
#include <dedalus/handoff/waiting_call.hpp>
#include <dedalus/parsed_completion.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus {

/// Why a run ended, or stopped for a while.
enum class stop_reason
{
    final,                 ///< a final answer
    refusal,               ///< the model refused
    length,                ///< the token limit; final_text holds what there is
    content_filter,        ///< content was withheld
    budget,                ///< max_turns is used up
    no_progress,           ///< the server asks for the same again and again
    protocol_error,        ///< the answer contradicts itself or has nothing in it
    unsupported,           ///< a legacy `function_call`
    error,                 ///< the exception that this result is the partial_run() of
    cancelled,             ///< the caller cancelled; likewise. In phase run_phase::cancelled: run_inbox::cancel_run()
    approval,              ///< suspended: a person has to decide on run_result::waiting
    external_result,       ///< suspended: a result in run_result::waiting has to come from outside
    unknown_tool_outcome,  ///< suspended: a call was started and nobody saw it end, see run_result::waiting
    unknown_send_outcome,  ///< suspended: a request may have been worked on; resume() sends it again
    stopped,               ///< suspended: stopped on request
    retry_after,           ///< suspended: the server cannot be reached, asks to wait, or does not want another attempt
    auth,                  ///< suspended: the server refuses the credentials
    payment,               ///< suspended: the server wants to be paid
    toolset_changed,       ///< suspended: an open call is of a tool that is not registered here
    unstored_value,        ///< suspended: tool_options::do_not_store_value, and a call could not run again
    fenced,                ///< executing: this process lost the run to another one; nothing else is set
    expired,               ///< its time was over: handoff_options::expires_after, or a wait with wait_expiry::fail_run
    session_lost,          ///< the server cannot go on from what it had begun, in any way
    store_error,           ///< the exception that this result is the partial_run() of: the store failed
    corrupt_checkpoint,    ///< likewise: the stored run is not whole, or not what a run has written
    format_too_new,        ///< likewise: a newer version has written it
    held,                  ///< executing: another process has the run; nothing else is set
    tool_fatal,            ///< a call that scheduling_rules do not let pass
};

DEDALUS_EXPORT std::string_view to_string(stop_reason reason) noexcept;

/// One client tool call of a run.
struct tool_result
{
    std::string call_id{};
    int occurrence = 0;  ///< counts the calls of this id within the run, from 0: some servers use ids again
    std::string name{};
    std::string fingerprint{};                              ///< SHA-256 of name and arguments
    tool_effect effect = tool_effect::once;                 ///< that the tool was registered with when the run began
    boost::json::value arguments{};                         ///< as received; a string when they are not a JSON object
    std::optional<boost::json::object> edited_arguments{};  ///< with which a person let it run instead
    std::vector<std::string> dependencies{};                ///< ids as received
    tool_outcome outcome = tool_outcome::ok;
    std::string kind{};                              ///< of a failure: tool_error::kind(); else empty
    bool outcome_known = true;                       ///< false: the call failed and may have taken effect all the same
    std::string content{};                           ///< text of the tool message
    boost::json::value value{};                      ///< what the tool gave, whole; null unless `ok`
    int turn = 0;                                    ///< from 1
    int attempts = 0;                                ///< starts of its handler, in all processes
    std::int64_t fence = 0;                          ///< of the process that started it last; 0 without a store
    std::chrono::system_clock::time_point queued{};  ///< when the answer that asked for it was there

    /// When the handler was entered, the last time; equals `finished` when it never was.
    std::chrono::system_clock::time_point started{};
    std::chrono::system_clock::time_point finished{};
    std::chrono::microseconds waited{};  ///< for a person or a result from outside, in all

    /// From the last entry of the handler to its end.
    std::chrono::microseconds duration() const noexcept
    {
        return std::chrono::duration_cast<std::chrono::microseconds>(finished - started);
    }
};

/// One accepted answer of a run.
struct run_turn
{
    int turn = 0;                                  ///< from 1
    std::string requested_model{};                 ///< of the request; of a list the names, with commas
    std::string model{};                           ///< that answered: the server may have chosen another one
    std::string request_id{};                      ///< `x-request-id`
    std::optional<dedalus::usage> usage{};         ///< of this answer
    std::optional<std::int64_t> turns_consumed{};  ///< LLM turns that the server reported
    std::chrono::system_clock::time_point sent{};  ///< the request, the last time
    std::chrono::system_clock::time_point answered{};
};

/// What became of an MCP server of the request.
struct run_mcp_error
{
    int turn = 0;
    std::string server{};
    mcp_server_error error{};
};

/// Where the time of a run went, in all processes. Steps that ran side by side are counted each.
struct run_timing
{
    std::chrono::system_clock::time_point began{};
    std::chrono::system_clock::time_point ended{};  ///< or the moment of the result
    std::chrono::microseconds http{};               ///< between requests and their answers
    std::chrono::microseconds tools{};              ///< in client tools
    std::chrono::microseconds suspended{};          ///< with nobody working on it, as the log has it
    std::chrono::microseconds people{};             ///< of this, for decisions and results from outside
    std::chrono::microseconds store{};              ///< waiting for the store, in this process alone

    std::chrono::microseconds wall() const noexcept
    {
        return std::chrono::duration_cast<std::chrono::microseconds>(ended - began);
    }
};

/// What a run in a store was like when its result was made.
struct checkpoint_ref
{
    std::string run_id{};
    std::int64_t revision = 0;  ///< of its head; grows by one with each commit
};

/// Which member of an answer tells of a server call. They share no key, so one call may be seen in several.
enum class server_tool_source
{
    server_results,
    tools_executed,
    mcp_tool_results,
};

DEDALUS_EXPORT std::string_view to_string(server_tool_source source) noexcept;

/// A server call seen in the answers.
struct server_tool_result
{
    int turn = 0;
    server_tool_source source = server_tool_source::server_results;
    std::string call_id{};       ///< of `server_results`, or of a call that is not ours; else empty
    std::string name{};          ///< of the others, or likewise; else empty
    boost::json::value value{};  ///< result, null when only the name is known
    std::string server{};        ///< of `mcp_tool_results`, as are the following
    boost::json::object arguments{};
    bool is_error = false;
    std::optional<std::chrono::milliseconds> duration{};
};

/// LLM turns of a run, against max_turns.
struct turn_account
{
    std::int64_t reported = 0;         ///< sum of `turns_consumed`
    std::int64_t assumed = 0;          ///< 1 for each answer without it
    std::int64_t charged_unknown = 0;  ///< reserved for requests of unknown outcome
    std::int64_t limit = 0;            ///< max_turns

    std::int64_t spent() const noexcept { return reported + assumed + charged_unknown; }
};

/// A request or a call that may have had an effect which nobody saw: a call whose process died, one of
/// tool_effect::once that passed its time limit, and one of any effect but `pure` that ran when its run was ended.
struct unknown_outcome
{
    int turn = 0;           ///< from 1; of a request the turn it was to begin
    std::string call_id{};  ///< empty: a request
};

/// Something worth knowing that did not stop the run.
struct run_diagnostic
{
    std::string code{};  ///< for example "unknown_dependency", "dependency_cycle", "cross_venue_cycle"
    int turn = 0;
    std::string text{};
};

/// What a run gave.
struct run_result
{
    std::string run_id{};
    run_phase phase = run_phase::completed;
    dedalus::stop_reason stop_reason = dedalus::stop_reason::final;
    std::string final_text{};                 ///< text of the last answer; of a refusal without text, its words
    chat_completion last_completion{};        ///< the last answer, with its `info`
    std::vector<message> messages{};          ///< the whole history, a valid list to start another request with
    std::vector<tool_result> tool_results{};  ///< in the order in which the calls were asked for
    std::vector<server_tool_result> server_tools{};
    std::vector<run_mcp_error> mcp_errors{};     ///< MCP servers that failed
    std::vector<run_turn> turns{};               ///< the answers accepted
    std::vector<std::string> correlation_ids{};  ///< as received, without repetitions
    std::vector<std::string> request_ids{};      ///< `x-request-id` of each answer
    int turns_used = 0;                          ///< answers accepted
    turn_account llm_turns{};
    std::optional<dedalus::usage> usage{};            ///< sums over the answers that had it
    bool usage_incomplete = false;                    ///< an answer had no usage, or an attempt's outcome is unknown
    std::vector<run_diagnostic> diagnostics{};        ///< at most 100; of a run in a store those of all processes
    std::vector<waiting_call> waiting{};              ///< when suspended: the calls that wait for somebody outside
    std::vector<unknown_outcome> unknown_outcomes{};  ///< at most 100
    int resumes = 0;                                  ///< times that a process took the run up again
    run_timing timing{};
    std::optional<dedalus::checkpoint_ref> checkpoint_ref{};  ///< with a store

    /// The models that answered, in the order in which they did first.
    DEDALUS_EXPORT std::vector<std::string> models_used() const;

    /// The final answer read as T, by the rules of parse_completion(), which see for what it throws. The request must
    /// have asked for it: `request.response_format = response_format_for<T>()`.
    template <class T>
    parsed_completion<T> parsed() const
    {
        return parse_completion<T>(last_completion);
    }
};

/// One line for a log, without texts of the prompt, the answer or the tools: phase, stop reason, and the sums.
DEDALUS_EXPORT std::string to_string(const run_result& result);
DEDALUS_EXPORT std::ostream& operator<<(std::ostream& out, const run_result& result);

}  // namespace dedalus
