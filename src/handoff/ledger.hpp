#pragma once

#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/handoff/tool_effect.hpp>
#include <dedalus/handoff/waiting_call.hpp>

#include "handoff/requested_call.hpp"
#include "handoff/tool_end.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::handoff_core {

using time_point = std::chrono::system_clock::time_point;

/// What names a call within its run. Some servers use the same id again in a later turn for another call: that is the
/// next occurrence.
struct call_key
{
    std::string call_id{};
    int occurrence = 0;

    auto operator<=>(const call_key&) const = default;
};

enum class call_state
{
    planned,
    waiting,  ///< for somebody outside
    started,
    finished,  ///< for ever: a finished call is neither started nor finished again
};

/// All that is known of one client call.
struct call_record
{
    call_key key{};
    requested_call request{};
    std::string fingerprint{};
    int turn = 0;  ///< from 1
    call_state state = call_state::planned;
    int attempts = 0;
    tool_effect effect = tool_effect::once;
    std::int64_t fence = 0;                       ///< of the owner that started it last
    wait_kind waits_for = wait_kind::approval;    ///< when waiting
    bool may_have_acted = false;                  ///< its last attempt was not seen to end, nor to do nothing
    bool unknown = false;                         ///< it may have had an effect that nobody saw
    bool approved = false;                        ///< by a person: it is not asked about again
    std::optional<boost::json::object> edited{};  ///< arguments that a person put in place of the model's
    tool_end end{};                               ///< when finished
    time_point queued{};
    time_point waits_since{};            ///< when waiting
    std::chrono::microseconds waited{};  ///< for somebody outside, in all
    time_point started{};                ///< equals `finished` when it was never started
    time_point finished{};
};

/// How a person let a call run.
struct approval
{
    bool always = false;  ///< and the later calls of its tool
    std::optional<boost::json::object> arguments{};
};

/// The request with the arguments that the call runs with.
requested_call request_to_run(const call_record& call);

/// The client calls of a run, in the order in which they were asked for.
class ledger
{
public:
    /// Plans a call. An id that is there already gets the next occurrence.
    call_key
    add(requested_call request,
        std::string fingerprint,
        int turn,
        time_point now,
        tool_effect effect = tool_effect::once);

    /// Counts an attempt and gives its number, from 1. The call must not be finished.
    /// @param fence  of the owner; 0 without a store
    int start(const call_key& key, time_point now, std::int64_t fence = 0);

    /// The call has been tried this often, of late at `when`. The call must not be finished.
    /// @param open  the last attempt was not seen to end, nor to do nothing
    void tried(const call_key& key, int attempts, time_point when, std::int64_t fence = 0, bool open = true);

    /// The call waits for somebody outside. The call must not be finished.
    void wait(const call_key& key, wait_kind kind, time_point now);

    /// A person let the call run, perhaps with other arguments: it is planned again.
    void approve(const call_key& key, time_point now, std::optional<boost::json::object> edited = {});

    /// The first finish of a call counts: returns false, and changes nothing, when it is finished.
    bool finish(const call_key& key, tool_end end, time_point now);

    /// The call may have had an effect that nobody saw.
    void mark_unknown(const call_key& key);

    /// Sets when the handler was really entered.
    void entered(const call_key& key, time_point when);

    /// Throws std::out_of_range when there is no such call.
    const call_record& at(const call_key& key) const;

    /// The latest call of this id; null when there is none.
    const call_record* latest(std::string_view call_id) const;

    const std::vector<call_record>& records() const noexcept { return records_; }

private:
    std::vector<call_record> records_;
    std::map<call_key, std::size_t> index_;
    std::map<std::string, std::size_t, std::less<>> latest_;
};

/// Constant over attempts, processes and machines.
std::string idempotency_key(std::string_view run_id, const call_key& key);

}  // namespace dedalus::handoff_core
