#pragma once

#include "handoff/durable_run.hpp"
#include "handoff/run_machine.hpp"
#include "handoff/run_teller.hpp"
#include "handoff/tool_group.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
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

    /// To be called when what has happened is stored.
    void tell() { teller.look(*machine); }

    std::shared_ptr<const durable_input> input;
    std::shared_ptr<run_stop> stop;
    strand s;
    run_journal journal;
    handoff_core::run_definition definition;
    boost::json::array toolset;                        ///< as heads have it
    std::optional<handoff_core::run_machine> machine;  ///< set when the run was loaded
    tool_group tools;
    std::vector<stores::wait_record> waits;  ///< open ones
    handoff_core::facts_by_call facts;       ///< of calls, as they were loaded
    asio::cancellation_signal sending;
    asio::steady_timer pause;
    run_teller teller;
    handoff_core::checkpoint_attempt attempt;  ///< of the request on its way
    int failures = 0;                          ///< of the present request, in this process
};

/// Sends the next request and takes what comes of it. False: the run has ended, or is suspended.
asio::awaitable<bool> exchange(durable& r);

/// Runs the calls of the present turn. False: the run is suspended or has ended before they have.
asio::awaitable<bool> run_calls(durable& r);

/// Decides what becomes of calls that a former owner has started. False: the run has ended.
asio::awaitable<bool> judge_started(durable& r);

/// Takes decisions out of the inbox, and ends waits whose time is over. False: there was nothing.
asio::awaitable<bool> take_decisions(durable& r);

/// Makes calls wait: in the store, then in the machine.
asio::awaitable<void> write_waits(durable& r, std::vector<std::pair<call_key, wait_kind>> calls);

/// Commits these entries, the ends of calls that were not run, and where the machine stands.
asio::awaitable<void> commit(durable& r, journal_commit what);

/// Ends the run's work here for a while.
asio::awaitable<void> suspend(durable& r, stop_reason reason);
asio::awaitable<void> suspend(durable& r, stop_reason reason, journal_commit what);

/// What the store and the result are told.
run_result result_of(durable& r);

/// A record of how a call ended.
stores::call_record finish_record(const durable& r, const call_key& key, const tool_end& end, time_point entered);

}  // namespace dedalus::handoff_engine
