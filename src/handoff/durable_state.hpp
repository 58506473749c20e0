#pragma once

#include "handoff/durable_run.hpp"
#include "handoff/early_starts.hpp"
#include "handoff/run_machine.hpp"
#include "handoff/run_teller.hpp"
#include "handoff/tool_group.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;

/// What a run in a store consists of while this process has it. The coroutines below borrow it.
struct durable
{
    durable(std::shared_ptr<const durable_input> i, std::shared_ptr<run_stop> asked, strand on)
        : input(std::move(i)), stop(std::move(asked)), s(std::move(on)),
          journal(input->store, input->run_id, input->owner, input->lease, input->clocks),
          tools(s, input->cancellation_grace), pause(s), teller(input->events)
    {}

    handoff_core::run_machine& m() { return *machine; }

    /// Before an end is stored: how the model is told of it.
    void describe(const call_key& key, tool_end& end) { texts.apply(machine->call(key), end); }

    /// To be called when what has happened is stored.
    void tell() { teller.look(*machine); }

    /// A diagnostic: told at once, and in the store with the next commit.
    void note(const std::string& code, const std::string& text)
    {
        notes.push_back(handoff_core::note_entry(m().turn(), code, text));
        m().note(code, text);
    }

    std::shared_ptr<const durable_input> input;
    std::shared_ptr<run_stop> stop;
    strand s;
    run_journal journal;
    handoff_core::run_definition definition;
    handoff_core::checkpoint_head head;                ///< what all heads have in common
    std::optional<handoff_core::run_machine> machine;  ///< set when the run was loaded
    tool_group tools;
    handoff_core::end_texts texts;
    std::optional<early_starts> early;               ///< set when the run was loaded
    std::vector<stores::wait_record> waits;          ///< open ones
    std::map<stores::wait_key, std::string> tokens;  ///< of those that this process has made
    handoff_core::facts_by_call facts;               ///< of calls, as they were loaded
    std::vector<stores::late_result> late;           ///< of former owners
    std::optional<stores::stored_run> loaded;        ///< set when results are to be made again
    std::int64_t told_at = 0;                        ///< revision at which the log ended with a want of tools
    std::int64_t owners = 0;                         ///< processes that have taken the run, this one included
    int late_looks = 0;                              ///< for such, while it was waited for them
    std::vector<handoff_core::new_entry> notes;      ///< not in the store yet
    std::vector<call_key> not_run;                   ///< ends of these are not in the store yet
    stores::blob_map blobs;                          ///< that finish_record() has named, and are not in the store yet
    std::set<std::string_view> demands;              ///< of what it has made, which the head does not tell yet
    std::set<call_key> told;                         ///< the outside, in this process, of calls that wait for it
    std::deque<ended_call> ended;                    ///< tools whose end is not in the store yet
    bool inbox_seen = false;                         ///< something is in the inbox that may be taken in meanwhile
    std::string cancelled_by;                        ///< inbox id of an order to end the run
    asio::cancellation_signal sending;
    asio::steady_timer pause;
    run_teller teller;
    handoff_core::checkpoint_attempt attempt;                ///< of the request on its way
    std::optional<handoff_core::stored_intent> last_intent;  ///< of the log
    run_timing times{};  ///< `began`, `suspended` and `people`, and `ended` of a run that had ended when it was loaded
    int failures = 0;    ///< of the present request, in this process
};

/// What a tool of the run is started with, besides its call.
early_starts::describe_start describe_by(durable& r);

/// Sends the next request and takes what comes of it. False: the run has ended, or is suspended.
asio::awaitable<bool> exchange(durable& r);

/// Runs the calls of the present turn. False: the run is suspended or has ended before they have.
asio::awaitable<bool> run_calls(durable& r);

using waiting_calls = std::vector<std::pair<call_key, wait_kind>>;

/// Of the tool of today; null when it is not registered.
const tool_options* options_of(const durable& r, const std::string& tool);

/// Whether a call of such a tool may start again when nobody saw its end.
bool runs_again(tool_effect effect);

/// Whether an open call is of a tool that is not registered: it cannot be judged, let alone run.
bool lacks_tools(durable& r);

/// Whether a run that was looked at is left as it is, not taken, and counts as suspended: less than a lease ago it was
/// suspended for want of tools, and this process wants some, too, or one has failed to make a result again. What is in
/// its inbox keeps the run on the list of the workers, and each would write what the last one has written.
bool leave_suspended(durable& r, const stores::stored_run& looked);

/// Whether the log ends with the failure of a tool to make again what is not stored.
bool tells_unmade(const stores::stored_run& run);

/// Whether the log ends with a suspension for want of tools, and this is the reason for another one.
bool is_told(const durable& r, stop_reason reason);

/// A call has ended: in the store, then in the machine. The first end that is in the store counts.
asio::awaitable<void> record_finish(durable& r, call_key key, tool_end end, time_point entered);

/// Decides what becomes of calls that a former owner has started. False: the run has ended.
asio::awaitable<bool> judge_started(durable& r);

/// Takes decisions out of the inbox, and ends waits whose time is over. False: there was nothing. An order to end the
/// run asks it to stop now: stop_run() does the rest.
asio::awaitable<bool> take_decisions(durable& r);

/// The order to end the run among these; null: there is none.
const stores::inbox_item* find_cancellation(const std::vector<stores::inbox_item>& inbox);

/// Whether there is an order to end the run among these; it is then asked to stop now.
bool hear_cancellation(durable& r, const std::vector<stores::inbox_item>& inbox);

/// Calls the dispatch of each tool whose call waits for a result from outside, unless that was done before.
asio::awaitable<void> tell_outside(durable& r);

/// How long after a dispatch that failed it is called again; empty: the outside knows of all of those calls.
std::optional<std::chrono::milliseconds> pause_before_telling(durable& r);

/// Takes what came of it.
asio::awaitable<void> record_dispatch(durable& r, ended_call ended);

/// The class that the run began with, or the one of today: the stricter one.
tool_effect effect_of(const durable& r, const std::string& tool);

/// What starts the tool of this call.
tool_start start_of(durable& r, handoff_core::ready_call call);

/// What a former owner wrote of a call of its own when it had lost the run: how the call ended, if that is certain.
std::optional<handoff_core::finished_call> adoptable(const durable& r, const call_key& key);

/// What the tool of today has against the arguments of this call; "" when they fit. The call may have been checked by
/// another version of its tool.
std::string unfit_arguments(const durable& r, const handoff_core::call_record& call);

/// Makes calls wait: in the store, then in the machine.
asio::awaitable<void> write_waits(durable& r, waiting_calls calls);

/// Commits these entries, the ends of calls that were not run, and where the machine stands.
asio::awaitable<void> commit(durable& r, journal_commit what);

/// Writes what has to be in the store before the records that finish_record() has made: `blobs`, and a head that
/// demands readers who know of what is in them.
asio::awaitable<void> announce(durable& r);

/// Ends the run's work here for a while.
asio::awaitable<void> suspend(durable& r, stop_reason reason);
asio::awaitable<void> suspend(durable& r, stop_reason reason, journal_commit what);

/// Ends the run for ever, with what else is to be written.
asio::awaitable<void> end_run(durable& r, run_phase phase, stop_reason reason, journal_commit what);

/// Whether calls have ended whose results are not stored, nor made again.
bool lacks_results(durable& r);

/// Runs those calls again whose results are not stored. False: that is not possible here, and the run is suspended.
asio::awaitable<bool> make_unstored(durable& r);

/// Whether what calls of this tool give is not stored.
bool is_unstored(const durable& r, const std::string& tool);

/// What a request to stop now leads to: the run is suspended, or ends if somebody has ordered that. No tool runs any
/// more.
asio::awaitable<void> stop_run(durable& r);

/// What the store and the result are told.
run_result result_of(durable& r);

/// A record of how a call ended, to be written by commit(), or by an append after announce().
stores::call_record finish_record(durable& r, const call_key& key, const tool_end& end, time_point entered);

}  // namespace dedalus::handoff_engine
