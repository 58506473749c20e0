#pragma once

#include <dedalus/config.hpp>
#include <dedalus/handoff/run_event.hpp>
#include <dedalus/handoff/run_result.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace dedalus {

/// A run as events, made by handoff_loop::stream(). The first next() starts the run, on the executor of the coroutine
/// that awaits it; from then on it goes by itself.
///
/// Back-pressure: while handoff_options::max_queued_events are waiting, the run reads no more of an answer, and the
/// server is held up. What tools do is neither held up nor left untold, but for progress, which is dropped then.
///
/// The run does not depend on who takes its events: when the stream is destroyed after the first next(), the run goes
/// on to its end, as work of the executor, without events; with handoff_options::stop_dropped_streams it is stopped as
/// by cancel(). Without a store its result is then lost. A stream that was never asked for an event starts nothing.
///
/// Thread safety: cancel() may be called from any thread while the object lives; everything else from one coroutine at
/// a time. The execution context must outlive it.
class DEDALUS_EXPORT run_stream
{
public:
    class impl;

    explicit run_stream(std::shared_ptr<impl> state);
    ~run_stream();
    run_stream(run_stream&&) noexcept;
    run_stream& operator=(run_stream&&) noexcept;

    /// The next event, or nothing after the last one.
    ///
    /// Throws what handoff_loop::run() would throw, once, after the events before; then further calls give nothing. An
    /// error with errc::operation_in_progress is thrown when another next() is pending.
    /// Cancellation: terminal; ends this wait alone, with error and asio::error::operation_aborted. No event is lost.
    boost::asio::awaitable<std::optional<run_event>> next();

    /// What handoff_loop::run() would give; valid as long as the stream. Throws what it would throw, and error with
    /// errc::operation_in_progress while the run goes on.
    const run_result& result() const;

    /// Stops the run, as a cancellation of handoff_loop::run() or run_or_resume() would: running tools are cancelled
    /// and awaited, a run in a store is suspended, and next() throws error with asio::error::operation_aborted in the
    /// end. Idempotent, does not block, may be called from any thread.
    void cancel() noexcept;

private:
    std::shared_ptr<impl> impl_;
};

}  // namespace dedalus
