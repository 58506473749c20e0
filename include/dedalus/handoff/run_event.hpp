#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/config.hpp>
#include <dedalus/handoff/run_phase.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/waiting_call.hpp>

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace dedalus {

// What happens in a run that is followed by handoff_loop::stream(). Events are values. With a store, what an event
// tells of calls and answers is stored when it comes. A turn is counted from 1.
//
// Texts and pieces of calls are those of an answer that is still coming. They are void when turn_restarted, suspended
// or failed comes before the response_saved of their turn: the answer was cut, and another one may take its place.

/// The run begins.
struct run_started_event
{
    static constexpr std::string_view type = "run_started";

    std::string run_id{};
};

/// A run of the store goes on. What had happened before is not told again: it is in run_stream::result().
struct run_resumed_event
{
    static constexpr std::string_view type = "resumed";

    std::string run_id{};
    int turns_used = 0;      ///< answers accepted so far
    int calls_finished = 0;  ///< calls that have ended so far
    int calls_open = 0;      ///< calls of the present turn that have not
};

/// A request is sent.
struct turn_started_event
{
    static constexpr std::string_view type = "turn_started";

    int turn = 0;     ///< that it is to begin
    int attempt = 0;  ///< within the turn, from 1
};

/// More text of the answer.
struct text_delta_event
{
    static constexpr std::string_view type = "text_delta";

    std::string text{};  ///< never empty
};

/// More of what the model thinks, where the server shows it.
struct reasoning_delta_event
{
    static constexpr std::string_view type = "reasoning_delta";

    std::string text{};  ///< never empty
};

/// More of a tool call, of ours or of the server.
struct call_delta_event
{
    static constexpr std::string_view type = "call_delta";

    std::int64_t index = 0;   ///< of the wire: pieces of one call have the same
    std::string id{};         ///< "" unless it came with this piece
    std::string name{};       ///< likewise
    std::string arguments{};  ///< a piece of the text
};

/// The request makes another call of the model, whose answer follows: what was told so far of the one before was a step
/// on the way, and is no part of the answer. Text that was told after `text` is of the answer that follows.
struct intermediate_text_event
{
    static constexpr std::string_view type = "intermediate_text";

    std::string text{};  ///< as text_delta told it; may be empty
};

/// The answer did not come, and the request is made again: all since turn_started is void.
struct turn_restarted_event
{
    static constexpr std::string_view type = "turn_restarted";

    int turn = 0;
    std::string reason{};  ///< "connection", "status 503", ...: without texts of the server
};

/// The answer of the turn is whole, and stored when there is a store.
struct response_saved_event
{
    static constexpr std::string_view type = "response_saved";

    int turn = 0;
    std::string model{};       ///< that answered
    std::string request_id{};  ///< `x-request-id`
};

/// What one answer cost.
struct usage_event
{
    static constexpr std::string_view type = "usage";

    int turn = 0;
    dedalus::usage usage{};
};

/// The answer asked for a call of ours.
struct call_planned_event
{
    static constexpr std::string_view type = "call_planned";

    int turn = 0;
    std::string call_id{};
    int occurrence = 0;  ///< counts the calls of this id within the run, from 0
    std::string name{};
    boost::json::value arguments{};  ///< as received; a string when they are not a JSON object
};

/// A call waits for somebody outside.
struct call_waiting_event
{
    static constexpr std::string_view type = "call_waiting";

    std::string call_id{};
    int occurrence = 0;
    std::string name{};
    wait_kind kind = wait_kind::approval;
};

/// A tool was started.
struct call_started_event
{
    static constexpr std::string_view type = "call_started";

    std::string call_id{};
    int occurrence = 0;
    std::string name{};
    int attempt = 0;  ///< from 1, in all processes
};

/// What a tool told by tool_context::progress().
struct call_progress_event
{
    static constexpr std::string_view type = "call_progress";

    std::string call_id{};
    int occurrence = 0;
    boost::json::value value{};
};

/// A call has ended, whether it was run or not.
struct call_finished_event
{
    static constexpr std::string_view type = "call_finished";

    tool_result result{};
};

/// A call that the server made itself.
struct server_call_event
{
    static constexpr std::string_view type = "server_call_seen";

    server_tool_result call{};
};

/// What the server told beside its answer. Never changes what the run does.
struct agent_event
{
    static constexpr std::string_view type = "agent_event";

    stream_notice notice{};
};

/// Something worth knowing that did not stop the run.
struct diagnostic_event
{
    static constexpr std::string_view type = "diagnostic";

    run_diagnostic diagnostic{};
};

/// The last event: the run stops for a while.
struct run_suspended_event
{
    static constexpr std::string_view type = "suspended";

    stop_reason reason = stop_reason::stopped;
};

/// The last event: the model gave its final answer, or stopped.
struct run_completed_event
{
    static constexpr std::string_view type = "completed";

    stop_reason reason = stop_reason::final;
};

/// The last event: the run ended in any other way, or another process has it (phase run_phase::executing). What next()
/// throws after it, if anything, says more.
struct run_failed_event
{
    static constexpr std::string_view type = "failed";

    run_phase phase = run_phase::failed;
    stop_reason reason = stop_reason::error;
};

/// One event of a run.
using run_event = std::variant<
    run_started_event,
    run_resumed_event,
    turn_started_event,
    text_delta_event,
    reasoning_delta_event,
    call_delta_event,
    intermediate_text_event,
    turn_restarted_event,
    response_saved_event,
    usage_event,
    call_planned_event,
    call_waiting_event,
    call_started_event,
    call_progress_event,
    call_finished_event,
    server_call_event,
    agent_event,
    diagnostic_event,
    run_suspended_event,
    run_completed_event,
    run_failed_event>;

/// The name of the event: "text_delta", "call_finished", ...
DEDALUS_EXPORT std::string_view type_of(const run_event& event) noexcept;

}  // namespace dedalus
