#pragma once

#include <dedalus/chat/completion.hpp>

#include "handoff/run_machine.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dedalus::handoff_core {

// What the machine of a run was told, in order.

/// A request was about to be sent.
struct request_sent
{
    int turn = 0;
    std::int64_t reserved = 0;
    time_point at{};
};

struct request_answered
{
    chat_completion answer{};
    time_point at{};
};

struct request_refused
{
    refusal_kind kind = refusal_kind::final;
};

struct request_lost
{
    bool unreadable = false;  ///< the answer came
};

struct call_held
{
    call_key key{};
    wait_kind kind = wait_kind::approval;
    time_point at{};
};

struct call_approved
{
    call_key key{};
    approval how{};
    time_point at{};
};

/// Somebody added messages.
struct input_added
{
    std::vector<message> messages{};
};

/// It was ended by something else than an answer.
struct run_ended
{
    stop_reason reason = stop_reason::error;
    time_point at{};
    run_phase phase = run_phase::failed;
};

/// A diagnostic that the machine did not make by itself.
struct noted
{
    std::string code{};
    std::string text{};
};

using log_event = std::variant<
    request_sent,
    request_answered,
    request_refused,
    request_lost,
    call_held,
    call_approved,
    input_added,
    noted,
    run_ended>;

/// How a call ended.
struct finished_call
{
    tool_end end{};
    time_point entered{};
    time_point finished{};
};

/// What is known of a call besides the events: starts and ends are kept as a set, since calls run side by side.
struct call_facts
{
    int attempts = 0;
    time_point started{};    ///< the last time
    std::int64_t fence = 0;  ///< of who started it the last time
    bool open = false;       ///< the last attempt was not seen to end, nor to do nothing
    std::optional<finished_call> finished{};
};

using facts_by_call = std::map<call_key, call_facts>;

/// Tells a new machine all of it. What is wrong with the log, or "": it does not fit the machine, so somebody else's
/// rules have made it. Open calls that were started keep their attempts, and are given by start_ready() again unless
/// somebody holds or finishes them.
/// @param after  called when an event was told, with its place from 0
std::string replay(
    run_machine& machine,
    std::vector<log_event> events,
    const facts_by_call& calls,
    const std::function<void(std::size_t place)>& after = {}
);

}  // namespace dedalus::handoff_core
