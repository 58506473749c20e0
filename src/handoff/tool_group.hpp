#pragma once

#include <dedalus/handoff/argument_resolver.hpp>
#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/handoff/tool_effect.hpp>
#include <dedalus/handoff/tool_failure.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/logger.hpp>

#include "handoff/run_machine.hpp"
#include "handoff/strand_hop.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dedalus::handoff_engine {

using handoff_core::call_key;
using handoff_core::time_point;
using handoff_core::tool_end;

/// Of limits: a clock that nobody sets.
using limit_point = std::chrono::steady_clock::time_point;

/// What is run of a tool, under its limits.
enum class tool_task
{
    handler,
    probe,
    dispatch,
};

/// What a tool needs, and how its end is reported.
struct tool_start
{
    handoff_core::ready_call call{};
    std::shared_ptr<const tool_registry> tools{};
    std::string run_id{};
    std::size_t max_result_bytes = 0;
    tool_effect effect = tool_effect::once;  ///< that counts
    std::int64_t fence = 0;                  ///< of the run's owner; 0 without a store
    tool_task task = tool_task::handler;
    failure_redactor redact{};               ///< handoff_options::redact_failure
    argument_resolver resolve{};             ///< for the handler of the tool; empty: it gets the arguments of the call
    std::shared_ptr<dedalus::logger> log{};  ///< for the tool; null: nothing is logged
    std::function<stores::append_request(boost::json::value)> finish_record{};  ///< empty without a store
    std::function<void(const call_key&, boost::json::value)> on_progress{};     ///< called on the strand

    /// Set: the call starts before the run knows it, and nothing is heard of it until adopt(). Its fingerprint.
    std::optional<std::string> early{};
};

/// What the probe of a tool says.
struct probe_answer
{
    bool known = false;
    std::optional<boost::json::value> result{};  ///< when it happened
};

struct ended_call
{
    call_key key{};
    tool_end end{};
    time_point entered{};  ///< when its handler was entered
    bool late = false;     ///< a value after the end was reported: only worth a note
    bool again = false;    ///< it has not ended: it is to be started once more now
    tool_task task = tool_task::handler;
    std::optional<probe_answer> asked{};  ///< of tool_task::probe
};

struct running_tool;

/// The running tools of one run. Each is a coroutine of its own on the strand of the run, so that one that throws or is
/// cancelled leaves the others alone. Whoever makes a group awaits drain() before it lets go: no tool outlives its run.
/// To be used on the strand alone.
///
/// An attempt whose tool wants another one, and may have it, is not reported as ended: after a while the call is to be
/// started again. The probe of a tool is asked before that, and when a time limit has passed.
class tool_group
{
public:
    /// @param grace  how long a tool that was cancelled may take to end, before the run goes on
    tool_group(strand s, std::chrono::milliseconds grace);
    ~tool_group();

    tool_group(const tool_group&) = delete;
    tool_group& operator=(const tool_group&) = delete;

    void start(tool_start what);

    /// Ends the present or the next wait().
    void wake();

    /// Waits until a tool has ended, a time limit has passed, or wake().
    boost::asio::awaitable<void> wait();

    /// Takes the calls that have ended, in the order in which they were started, and those to start again. A tool whose
    /// time limit has passed is cancelled; one that does not end within the grace of its cancellation is reported as
    /// ended, and goes on to be awaited by drain().
    std::vector<ended_call> take_ended(limit_point now);

    /// Whether a call has not been reported as ended.
    bool any_open() const;

    /// Cancels all tools: nothing is tried again, and no probe asked.
    void cancel();

    /// Calls that started early, and still run; whether this one did.
    std::size_t early_running() const;
    bool has_early(const call_key& key) const;

    /// The run asks for a call: false unless it has started early, with this fingerprint, and was not cancelled. From
    /// now on it is a call like the others.
    bool adopt(const call_key& key, const std::string& fingerprint);

    /// Cancels those that have started early and were not adopted.
    void cancel_early();

    /// Likewise; waits until they have ended, for the grace at most, and forgets those: drain() awaits the others.
    boost::asio::awaitable<void> discard_early();

    /// Cancels the tool of this call, of which somebody else has reported the end.
    void cancel(const call_key& key);

    /// Waits until all tools have ended, whatever their time limits. Not to be cancelled.
    boost::asio::awaitable<void> drain();

private:
    struct retry
    {
        call_key key{};
        limit_point due{};
    };

    void report(running_tool& tool, limit_point now, std::vector<ended_call>& to);
    void report_probe(running_tool& tool, limit_point now, std::vector<ended_call>& to);
    bool follows_up(running_tool& tool, tool_end& end, limit_point now);
    void retry_later(const running_tool& tool, limit_point now);
    bool any_ended() const;
    limit_point next_deadline() const;

    strand strand_;
    std::chrono::milliseconds grace_;
    std::shared_ptr<boost::asio::steady_timer> wake_;
    std::vector<std::shared_ptr<running_tool>> tools_;
    std::vector<retry> retries_;
    bool stopping_ = false;
    bool woken_ = false;
};

}  // namespace dedalus::handoff_engine
