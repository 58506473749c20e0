#pragma once

#include <dedalus/config.hpp>
#include <dedalus/handoff/tool_effect.hpp>
#include <dedalus/logger.hpp>
#include <dedalus/stores/operations.hpp>

#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus {

/// How a call of a client tool ended.
enum class tool_outcome
{
    ok,
    error,               ///< the tool threw
    timeout,             ///< the tool's time limit passed; unless it is tool_effect::pure the effect is unknown
    cancelled,           ///< the run was cancelled
    skipped_dependency,  ///< not run: a call it depends on did not end with `ok`
    invalid_arguments,   ///< not run: the arguments are not a JSON object, not what the tool takes, or not resolved
    unknown_tool,        ///< not run: no tool of this name is registered
    rejected,            ///< not run: a person declined
    expired,             ///< not run: nobody decided in time
    unknown_outcome,     ///< started and never seen to end: it may have taken effect
};

DEDALUS_EXPORT std::string_view to_string(tool_outcome outcome) noexcept;

/// What another call gave that a call depends on.
struct dependency_result
{
    tool_outcome outcome = tool_outcome::ok;
    boost::json::value value{};  ///< result of the tool or of the server; null unless `ok`
    std::string text{};          ///< what the model is told of it: the result as text, or "Error: ..."
};

/// What a tool is told about the call it serves. Lives as long as the call.
class DEDALUS_EXPORT tool_context
{
public:
    struct data;

    /// Made by handoff_loop.
    explicit tool_context(std::shared_ptr<const data> d);

    const std::string& run_id() const noexcept;
    const std::string& call_id() const noexcept;

    /// 1 for the first attempt at this call; counts those of all processes.
    int attempt() const noexcept;

    /// What counts for this call: tool_options::effect, or the stricter one that the run began with.
    tool_effect effect() const noexcept;

    /// Grows with each process that takes the run up; 0 without a store. A target that keeps the greatest one it has
    /// seen, and refuses smaller ones, is safe from a process that was paused and does not know that it lost the run.
    std::int64_t fence() const noexcept;

    /// The same for all attempts at this call, on any machine: run id and call id.
    const std::string& idempotency_key() const noexcept;

    /// When the tool's time limit passes; time_point::max() without a limit.
    std::chrono::steady_clock::time_point deadline() const noexcept;

    /// Asked to stop together with the cancellation of the tool: when a time limit passes, the call is cancelled, or
    /// its run is stopped. For tools that cannot be cancelled; see blocking_tool(). Any thread.
    bool stop_requested() const noexcept;
    const std::stop_token& stop_token() const noexcept;

    /// Results of the calls that this one depends on, by call id: client calls of this turn and earlier ones, and
    /// server calls.
    const std::map<std::string, dependency_result, std::less<>>& dependency_results() const noexcept;

    /// For tool_effect::transactional: the end of this call with this result, to be written in the transaction that
    /// writes the effect: postgres_run_store::append_in() or sqlite_run_store::append_in(). The transaction is refused
    /// when the run has passed to another owner, or the call has ended: roll it back. When it is committed, the call
    /// has ended with this result, whatever the tool gives or throws then. Throws config_error without a store, and
    /// store_error(invalid_argument) for a result that is not UTF-8. Any thread.
    stores::append_request finish_record(boost::json::value result) const;

    /// The tool gets on: its tool_options::idle_timeout begins anew. Never waits. Any thread.
    void progress() const;

    /// Likewise, and tells whoever follows the run by handoff_loop::stream() how far the tool is: a
    /// call_progress_event, unless `what` is null, the next one comes before the run has seen it, or events are not
    /// taken fast enough. It is not stored.
    void progress(boost::json::value what) const;

    /// Writes a line to the logger of the client. Before the fields it has `run`, `call_id` and `attempt`. Values of
    /// fields with the name of a secret are masked, and what looks like a key is in all others. Nothing is written for
    /// a level that is off, and what the logger throws is dropped. Any thread.
    /// @param event  static text, as are the names of the fields: what happened.
    void log(log_level level, std::string_view event, std::vector<log_field> fields = {}) const;

private:
    std::shared_ptr<const data> data_;
};

}  // namespace dedalus
