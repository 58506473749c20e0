#pragma once

#include <dedalus/chat/request.hpp>
#include <dedalus/client.hpp>
#include <dedalus/config.hpp>
#include <dedalus/handoff/argument_resolver.hpp>
#include <dedalus/handoff/durability.hpp>
#include <dedalus/handoff/run_inbox.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/run_stream.hpp>
#include <dedalus/handoff/scheduling_rules.hpp>
#include <dedalus/handoff/tool_failure.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/handoff/wire_profile.hpp>
#include <dedalus/stores/run_store.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dedalus {

struct handoff_options
{
    /// Keeps the runs, so that this or another process can go on with them: after a crash, a stop, or when somebody has
    /// decided on a call. Every request and every start and end of a tool is in the store before the next step. Null:
    /// a run is kept in memory, and ends with its coroutine.
    std::shared_ptr<run_store> store{};

    /// LLM turns of a whole run, 1 to 100. Reserved before each request is sent, and sent as `max_turns`. An attempt
    /// whose answer never comes counts as having used what it reserved, so the limit is strict if the server honours
    /// `max_turns`.
    int max_turns = 10;

    /// LLM turns that one request may use, at least 1, when the request of the run has no `max_turns`. A request whose
    /// answer never comes costs the run all of them, so a small number leaves more for another attempt, and a large one
    /// lets the server do more at once. Default: a quarter of max_turns, rounded up.
    std::optional<int> max_turns_per_request{};

    /// Tools that run at once in one run, 1 to 500.
    std::size_t max_concurrency = 8;

    /// Largest text of a result that is sent to the model; more is cut at a character and a note says so. At least 1
    /// KiB.
    std::size_t max_result_bytes = 256 * 1024;

    /// How long a tool may take to end when it was cancelled, by its time limit or because its run is stopped. Then the
    /// run goes on, or is suspended and given up to others, without it. Not negative.
    std::chrono::milliseconds cancellation_grace = std::chrono::seconds(5);

    /// Calls of one answer, 1 to 500, and dependencies of all of them together, at least 1. A larger answer ends the
    /// run with stop_reason::protocol_error, as does a call id of more than 1024 bytes. With a store, those count that
    /// the run began with.
    std::size_t max_calls = 256;
    std::size_t max_dependencies = 4096;

    /// How the model is told of calls that did not succeed: see structured_failure(). Empty: "Error: " and a text.
    failure_formatter format_failure{};

    /// How it is told of arguments that a person has changed. Empty: a sentence with the arguments.
    edit_formatter format_edit{};

    /// Runs over the texts of what tools and `resolve_arguments` throw, and of errors that come from outside for a
    /// call, after what looks like a key was masked in them: what it gives is what the model is told, what is stored,
    /// and what format_failure gets. What it throws, and a text that is not UTF-8, stand for no text at all. Called on
    /// the strand of the run. Nothing else of an error is stored: of refused requests the status alone. Empty: the
    /// built-in patterns are all.
    failure_redactor redact_failure{};

    /// Send the Dedalus members (handoff_mode, correlation_id, deferred_calls, max_turns). Without them plain
    /// `tool_calls` are all there is. Default: when the client speaks dialect::dedalus.
    std::optional<bool> dedalus_extensions{};

    /// How the Dedalus members are used, where servers may differ.
    wire_profile profile{};

    /// What becomes of calls whose dependencies, names or arguments are not right.
    scheduling_rules scheduling{};

    /// Puts what other calls gave into the arguments of a call, before its handler runs and before they are checked
    /// again. No server is known to send references, so nothing is replaced by default. What it gives is not stored,
    /// and changes neither tool_result::arguments nor the fingerprint: a run that is resumed calls it again.
    argument_resolver resolve_arguments{};

    /// With a store: what a run that begins is found by, with run_store::list() and list_resumable(). At most 16, a
    /// name or a value at most 256 bytes of UTF-8 without control characters, and all of them at most 4 KiB.
    stores::label_map labels{};

    /// With a store: calls of tool_effect::once that were started by a process that died.
    unknown_outcome_policy on_unknown_outcome = unknown_outcome_policy::suspend;

    /// With a store: before tell_model or fail_run, wait up to one `lease`, for all such calls together, whether the
    /// process that started them was only slow: a result that it gives after it lost the run is taken. Suspended runs
    /// need no such wait, they take it when they are resumed.
    bool wait_for_late_results = false;

    /// With a store: requests whose answer never came.
    unknown_send_policy on_unknown_send = unknown_send_policy::resend;

    /// How often a request is sent again, and after which waits. Each attempt of unknown outcome is charged what it
    /// reserved; the client sends none twice by itself, neither by client_options::retry nor when a kept connection
    /// turns out dead, so that max_turns is strict. When no retry is left, a run with a store is suspended with
    /// stop_reason::retry_after, and one without throws.
    retry_options retry{};

    /// With a store: how long a run stays with a process that died, before another one can take it. Renewed three times
    /// as often. 100 ms to a day.
    std::chrono::milliseconds lease = std::chrono::seconds(30);

    /// With a store: how long after its beginning a run can be gone on with. Then it ends: run_phase::expired. Looked
    /// at between two steps of the run, so that a request or tools under way come to their end. Positive, at most 10
    /// years, or `no_limit`.
    std::chrono::milliseconds expires_after = no_limit;

    /// With a store: `credentials` of each request, which are not stored. Those of the request of run() go first.
    std::optional<credential_selection> credentials{};

    /// By stream(): events that wait to be taken, above which the run reads no more of an answer; at least 1. A few
    /// more are possible: see run_stream.
    std::size_t max_queued_events = 256;

    /// By stream(): stop a run whose run_stream is destroyed. Else it goes on without events.
    bool stop_dropped_streams = false;
};

/// Asks the model, runs the client tools it calls, sends the results back, and so on until the final answer.
/// Follows the handoff protocol (`pending_tools`, `deferred`, `server_results`, `correlation_id`) and plain
/// `tool_calls`.
///
/// With a store, run() gives a result for what it would throw without one and somebody can mend: phase
/// run_phase::suspended, and stop_reason says why. One process has a run at a time, by a lease that it renews and
/// that ends some time after it died: handoff_options::lease.
///
/// Thread safety: as `client`. Runs are independent of each other. The tools of one run run concurrently, but on a
/// strand of the executor of the coroutine that awaits run(): two of them never run at the same instant, so that they
/// may share state without locks. A tool that blocks holds up its run.
class DEDALUS_EXPORT handoff_loop
{
public:
    /// Throws config_error when an option is out of range, or a tool needs an approval or a result from outside and
    /// there is no store.
    handoff_loop(client c, tool_registry tools, handoff_options options);
    handoff_loop(client c, tool_registry tools);

    /// Runs the loop to its end. `request.tools` is extended by the registered tools that it does not name yet.
    /// `request.max_turns` bounds what one request of the run may use. A `tool_choice` that forces a tool is sent until
    /// that tool was called once. `handoff_mode` is true unless the request says otherwise, also by an explicit null.
    ///
    /// Throws from the call itself invalid_request_error when
    /// - `n` is not 1, `max_turns` less than 1, or `deferred` true;
    /// - `deferred_calls_raw` is not a JSON array, or `messages_raw` is set;
    /// - `messages` have a tool call without an answer (deferred ones need none), a tool message without a call, or two
    ///   for one call;
    /// - `extra` has a value for what the loop sets: `messages`, `tools`, `tool_choice`, `n`, `stream`, `deferred`,
    ///   `max_turns`, `handoff_mode`, `correlation_id` or `deferred_calls` (a null or an empty list is let through).
    ///
    /// Throws from the awaitable what client::chat_completions() throws, when handoff_options::retry leaves no attempt;
    /// a lost session is first replaced by `deferred_calls` and then by a new plan of the model, and a server that
    /// refuses the Dedalus members gets none. Errors of a tool go to the model, not to the caller.
    /// error::partial_run() tells what the run had done until then: phase run_phase::failed with stop_reason::error or
    /// stop_reason::cancelled, the results of all tools that were started, and a list of messages to go on from. Its
    /// turn_account::charged_unknown is where requests of unknown outcome are counted. Exceptions that are no `error`
    /// (std::bad_alloc) carry nothing.
    ///
    /// No tool outlives the run: a tool that ignores its cancellation after its time limit is answered for after
    /// handoff_options::cancellation_grace, and the run goes on, but it ends only when that tool has ended too.
    /// Cancellation: terminal; running tools are cancelled and awaited, then error with
    /// asio::error::operation_aborted is thrown.
    boost::asio::awaitable<run_result> run(const chat_completion_request& request) const;

#if DEDALUS_COROUTINE_TEMPORARIES_BROKEN
    /// g++ 12 destroys a temporary request inside a co_await expression twice: name the request first.
    boost::asio::awaitable<run_result> run(chat_completion_request&& request) const = delete;
#endif

    /// As run(), under an id of the caller, with a store: begins the run, or goes on with the one of this id, whose
    /// request and limits are those that it began with. A run that has ended gives its result again; one that another
    /// process has gives stop_reason::held. `run_id`: 1 to 100 bytes of UTF-8 without control characters.
    ///
    /// Throws config_error without a store, store_error, and what run() throws; invalid_request_error, as run() with a
    /// store does, for `credentials` in `mcp_servers`, for a user or a secret in the URL of one, and for members of
    /// `extra` with the name of a secret, which would be stored: see handoff_options::credentials. Cancellation:
    /// terminal; stops the run as stop_now() does, then throws error with asio::error::operation_aborted, whose
    /// partial_run() is suspended.
    boost::asio::awaitable<run_result> run_or_resume(std::string run_id, const chat_completion_request& request) const;

    /// Goes on with a run of the store. Throws config_error when there is none of this id, and as run_or_resume().
    boost::asio::awaitable<run_result> resume(std::string run_id) const;

    /// The same as run(), run_or_resume() and resume(), as events; answers are streamed. See run_stream. The run begins
    /// with the first next(). An answer that breaks off is asked for again, as handoff_options::retry says, and the
    /// attempt is charged. `stream_options` are set to include the usage, unless the request has
    /// them. Throws from the call itself what those throw from theirs.
    run_stream stream(const chat_completion_request& request) const;
    run_stream stream(std::string run_id, const chat_completion_request& request) const;
    run_stream stream(std::string run_id) const;

    /// Decisions on calls that wait, orders to runs. Throws config_error without a store.
    run_inbox inbox() const;

    /// The same as those of inbox(): the loop need not be the one that has the run.
    boost::asio::awaitable<stores::post_outcome> approve(std::string run_id, std::string call_id) const;
    boost::asio::awaitable<stores::post_outcome>
    reject(std::string run_id, std::string call_id, std::string reason) const;
    boost::asio::awaitable<stores::post_outcome>
    provide_result(std::string run_id, std::string call_id, boost::json::value result) const;
    boost::asio::awaitable<std::vector<waiting_call>> list_waiting() const;

    /// The same as run_inbox::cancel_call(); a run that this loop and its copies follow hears of it at once.
    boost::asio::awaitable<stores::post_outcome> cancel_call(std::string run_id, std::string call_id) const;

    /// Asks the runs with a store that this loop and its copies follow now to stop: their tools and requests are
    /// cancelled, and they are suspended with stop_reason::stopped. Tools that may run twice do so when the run is
    /// resumed, and so do those whose tool_error vouches that nothing happened. A tool that has not ended within
    /// handoff_options::cancellation_grace keeps the awaitable of the run, but not the run: others may resume it. Any
    /// thread; does not wait.
    void stop_now() const;

    /// Likewise, when the calls of the present turn have ended.
    void stop_after_turn() const;

#if DEDALUS_COROUTINE_TEMPORARIES_BROKEN
    boost::asio::awaitable<run_result>
    run_or_resume(std::string run_id, chat_completion_request&& request) const = delete;
#endif

    class impl;

private:
    std::shared_ptr<const impl> impl_;
};

}  // namespace dedalus
