#pragma once

#include <dedalus/config.hpp>
#include <dedalus/handoff/run_event.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/handoff/waiting_call.hpp>
#include <dedalus/stores/records.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dedalus {

/// What became of a request of a run.
enum class request_outcome
{
    under_way,  ///< nothing is known yet
    answered,
    refused,  ///< by the server, or it was never sent
    unknown,  ///< no answer came, and the server may have worked
};

/// One request of a run, in the order in which they were sent.
struct timeline_request
{
    int turn = 0;               ///< that it was to begin, from 1
    int attempt = 0;            ///< within the turn, from 1
    std::int64_t fence = 0;     ///< of its sender: the same number is the same process
    std::int64_t reserved = 0;  ///< LLM turns that it was allowed to use
    stores::time_point sent{};
    std::optional<stores::time_point> ended{};
    request_outcome outcome = request_outcome::under_way;
    int status = 0;  ///< of HTTP; 0: there is none
};

/// One start of a tool.
struct timeline_attempt
{
    std::int64_t fence = 0;  ///< of the process that ran it
    stores::time_point started{};
    bool abandoned = false;  ///< it has done nothing, or does not count any more
};

/// A time that a call waited for somebody outside.
struct timeline_wait
{
    wait_kind kind = wait_kind::approval;
    stores::time_point since{};
    std::optional<stores::time_point> ended{};
    bool approved = false;  ///< it ended by an approval; otherwise the call ended with it
    std::string by{};  ///< what ended it: "approve", "approve_always", "edit", "reject", "result", "error", "expired",
                       ///< "late_result"
};

enum class timeline_call_state
{
    planned,   ///< waits for calls that it depends on, or for a place
    started,   ///< its end is not known
    waiting,   ///< for somebody outside
    finished,  ///< see the outcome
};

struct timeline_call
{
    tool_result result{};  ///< of a call that has not ended, what is known of it
    int occurrence = 0;    ///< counts the calls of this id within the run, from 0
    tool_effect effect = tool_effect::once;
    timeline_call_state state = timeline_call_state::planned;
    std::vector<timeline_attempt> attempts{};
    std::vector<timeline_wait> waits{};
};

/// What has happened in a run, and when.
struct run_timeline
{
    /// What is known of the run now; stop_reason of a run that is neither suspended nor at its end says nothing.
    run_result result{};

    std::string model{};
    stores::label_map labels{};
    stores::time_point begun{};
    stores::time_point changed{};  ///< the last time that something was written
    std::optional<stores::time_point> suspended_since{};
    std::optional<stores::time_point> wakeup_at{};  ///< of a suspended run, when it is to be looked at again
    std::vector<timeline_request> requests{};
    std::vector<timeline_call> calls{};  ///< in the order in which they were asked for
};

/// The course of a stored run, from its records alone: nothing is sent, run or written. For logs, dashboards and
/// dedalus-runs. Texts are those of the server and of tools: escape them where you show them.
///
/// @param run  whole, as run_store::load() gives it from the first log entry on
///
/// Throws store_error(damaged) for what handoff_loop has not written, and store_error(wrong_format) for a newer format.
DEDALUS_EXPORT run_timeline timeline_of(const stores::stored_run& run);

/// What handoff_loop::stream() would have told of a run until now, from the log: for a page that comes later, or whose
/// process has died. The text of an answer is one text_delta; what was void (turn_restarted, progress, agent events) is
/// not told. Go on with stream(run_id), whose first event is `resumed`. Throws as timeline_of().
/// @param run       with its whole log
/// @param from_seq  of the first log entry whose events are wanted: one more than stored_run::last_seq when this was
///                  last asked. Ends of calls of the present turn are told each time.
DEDALUS_EXPORT std::vector<run_event> events_of(const stores::stored_run& run, std::int64_t from_seq = 1);

}  // namespace dedalus
