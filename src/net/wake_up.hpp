#pragma once

#include "net/interruptible.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <mutex>

namespace dedalus::net {

/// An event that happens once, for the waits that are not on a socket: the answer of the resolver, a place in a queue.
/// A pending wait is outstanding work of the executor, and dies with its execution context.
class wake_up final : public interruptible
{
public:
    explicit wake_up(const boost::asio::any_io_executor& executor);

    /// It happened: the wait, pending or later, ends normally, on the waiting coroutine's executor. Any thread;
    /// without effect after interrupt().
    void notify() noexcept;

    /// It will not happen: the wait, pending or later, throws. Any thread; without effect after notify().
    void interrupt() noexcept override;

    /// Throws system_error(operation_aborted) after interrupt() or terminal cancellation. One wait at a time.
    boost::asio::awaitable<void> wait();

private:
    enum class outcome
    {
        pending,
        notified,
        interrupted,
    };

    void settle(outcome result) noexcept;

    std::mutex mutex_;
    boost::asio::steady_timer timer_;  // never expires; moving its expiry to the past ends the wait
    outcome outcome_ = outcome::pending;
};

}  // namespace dedalus::net
