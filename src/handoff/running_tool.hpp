#pragma once

#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/handoff/tool_registry.hpp>

#include "handoff/tool_group.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace dedalus::handoff_engine {

/// So much later, or never.
limit_point later(limit_point from, std::chrono::milliseconds duration);

/// A tool that runs in a tool_group, or its probe. To be used on the strand of the group.
struct running_tool
{
    explicit running_tool(tool_start what);

    const tool_options& options() const { return entry->options; }

    /// Its handler is about to be entered.
    void enter(limit_point now, std::function<void(boost::json::value)> on_progress);

    void take_progress(boost::json::value what);

    /// It is given up when it has not ended by then.
    void request_cancel(limit_point give_up_at);

    /// A time limit has passed, and it is not being cancelled yet.
    bool is_overdue(limit_point now) const;

    /// It has ended, or is given up.
    bool is_over(limit_point now) const { return ended || (cancel_requested && now >= deadline); }

    /// Makes the arguments of its handler those that argument_resolver gives; sets `misfit` when it does not.
    void resolve_arguments();

    /// To be called when it is over.
    tool_end end() const;

    tool_start start;
    const tool_registry::entry* entry;
    std::optional<tool_context> context;
    boost::asio::cancellation_signal cancel;
    std::stop_source stop;
    time_point entered{};
    limit_point hard_deadline = limit_point::max();
    limit_point last_progress{};
    limit_point deadline = limit_point::max();  ///< when it is to be looked at
    bool cancel_requested = false;
    std::optional<std::chrono::milliseconds> timed_out{};  ///< the limit that passed
    bool reported = false;
    bool ended = false;
    std::optional<boost::json::value> value{};
    handoff_core::thrown_failure failure{};
    std::optional<tool_end> misfit{};  ///< set: its handler is not run, because of its arguments
    probe_answer answer{};             ///< of a probe
    std::optional<tool_end> held{};    ///< of a probe: how the attempt ended that it is asked about
    std::optional<std::chrono::milliseconds> held_limit{};  ///< likewise: the limit that passed

private:
    void set_deadline();
};

/// Runs it to its end. Only the errors of Asio come out.
boost::asio::awaitable<void> run_tool(std::shared_ptr<running_tool> tool);

}  // namespace dedalus::handoff_engine
