#pragma once

#include <dedalus/handoff/argument_resolver.hpp>
#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/handoff/tool_registry.hpp>

#include "handoff/run_machine.hpp"
#include "handoff/strand_hop.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
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

/// What a tool needs, and how its end is reported.
struct tool_start
{
    handoff_core::ready_call call{};
    std::shared_ptr<const tool_registry> tools{};
    std::string run_id{};
    std::size_t max_result_bytes = 0;
    std::int64_t fence = 0;           ///< of the run's owner; 0 without a store
    argument_resolver resolve{};      ///< for the handler of the tool; empty: it gets the arguments of the call
    tool_handler in_place_of_tool{};  ///< set: runs under the limits of the tool, instead of its handler
    std::function<void(const call_key&, boost::json::value)> on_progress{};  ///< called on the strand

    /// Set: the call starts before the run knows it, and nothing is heard of it until adopt(). Its fingerprint.
    std::optional<std::string> early{};
};

struct ended_call
{
    call_key key{};
    tool_end end{};
    time_point entered{};  ///< when its handler was entered
    bool late = false;     ///< a value after the end was reported as a timeout: only worth a note
};

/// The running tools of one run. Each is a coroutine of its own on the strand of the run, so that one that throws or is
/// cancelled leaves the others alone. Whoever makes a group awaits drain() before it lets go: no tool outlives its run.
/// To be used on the strand alone.
class tool_group
{
public:
    /// @param grace  how long a tool that was cancelled for its time limit may take to end, before the run goes on
    tool_group(strand s, std::chrono::milliseconds grace);
    ~tool_group();

    tool_group(const tool_group&) = delete;
    tool_group& operator=(const tool_group&) = delete;

    void start(tool_start what);

    /// Ends the present wait().
    void wake() { wake_->cancel(); }

    /// Waits until a tool has ended, a time limit has passed, or wake().
    boost::asio::awaitable<void> wait();

    /// Takes the calls that have ended, in the order in which they were started. A tool whose time limit has passed is
    /// cancelled; one that then does not end within the grace is reported as ended, and goes on to be awaited by
    /// drain().
    std::vector<ended_call> take_ended(limit_point now);

    /// Whether a tool has not been reported as ended.
    bool any_open() const;

    /// Calls that started early, and still run; whether this one did.
    std::size_t early_running() const;
    bool has_early(const call_key& key) const;

    /// The run asks for a call: false unless it has started early, with this fingerprint, and was not cancelled. From
    /// now on it is a call like the others.
    bool adopt(const call_key& key, const std::string& fingerprint);

    /// Cancels those that have started early and were not adopted.
    void cancel_early();

    /// Likewise; waits until they have ended and forgets them.
    boost::asio::awaitable<void> discard_early();

    /// Cancels all tools.
    void cancel();

    /// Waits until all tools have ended, whatever their time limits. Not to be cancelled.
    boost::asio::awaitable<void> drain();

private:
    struct running_tool;

    static bool has_arguments(running_tool& tool);
    static boost::asio::awaitable<void> run(std::shared_ptr<running_tool> tool);

    bool any_ended() const;
    limit_point next_deadline() const;

    strand strand_;
    std::chrono::milliseconds grace_;
    std::shared_ptr<boost::asio::steady_timer> wake_;
    std::vector<std::shared_ptr<running_tool>> tools_;
};

}  // namespace dedalus::handoff_engine
