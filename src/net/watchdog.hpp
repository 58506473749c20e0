#pragma once

#include "net/interruptible.hpp"
#include "protocol/deadlines.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace dedalus::net {

/// Bounds the waits of one call. The owner says what is being waited on (watch) and until when (arm); when the time has
/// passed, or another thread cancels, the watched object is interrupted, the owner's wait ends, and throw_if_fired()
/// tells the owner why. Once fired, whatever is watched later is interrupted at once, too.
///
/// All functions may be called by any thread. arm() and disarm() cost no timer operation while the timer that runs is
/// early enough: on its expiry it looks at the deadline of that moment and goes on waiting if there is time left.
class watchdog
{
public:
    enum class verdict
    {
        none,
        timed_out,
        cancelled,
    };

    /// @param executor  runs the timer.
    explicit watchdog(const boost::asio::any_io_executor& executor);

    /// Stops the timer, so that io_context::run() can return.
    ~watchdog();

    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    /// What to interrupt; null: nothing. Must be called with null (or another object) before the target dies.
    void watch(interruptible* target) noexcept;

    /// Bounds the waits from now on. `at == time_point::max()`: no bound.
    void arm(const protocol::deadline& limit);

    /// No bound from now on.
    void disarm() noexcept;

    /// The caller gave up: interrupts the target now, and every later one. For ever.
    void cancel() noexcept;

    /// Forgets a timeout (not a cancellation) and disarms: the next attempt begins.
    void reset() noexcept;

    verdict state() const noexcept;

    /// The deadline that passed; meaningful while state() is timed_out.
    protocol::deadline fired() const noexcept;

    /// Throws timeout_error when timed out, error(asio::error::operation_aborted) when cancelled; otherwise returns.
    void throw_if_fired() const;

private:
    class core;
    std::shared_ptr<core> core_;  // shared with the timer's handler
};

/// Watches `target` for the length of a scope.
class watch_scope
{
public:
    watch_scope(watchdog& guard, interruptible& target) noexcept : guard_(guard) { guard_.watch(&target); }

    ~watch_scope() { guard_.watch(nullptr); }

    watch_scope(const watch_scope&) = delete;
    watch_scope& operator=(const watch_scope&) = delete;

private:
    watchdog& guard_;
};

}  // namespace dedalus::net
