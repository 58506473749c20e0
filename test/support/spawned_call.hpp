#pragma once

#include "support/run_coro.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>

namespace test {

/// A coroutine that runs beside others, on one thread. Outlives it.
class spawned_call
{
public:
    spawned_call(boost::asio::io_context& context, boost::asio::awaitable<void> coroutine)
    {
        boost::asio::co_spawn(
            context,
            std::move(coroutine),
            boost::asio::bind_cancellation_slot(
                signal_.slot(),
                [this](std::exception_ptr failure) {
                    ended_ = true;
                    failure_ = std::move(failure);
                }
            )
        );
    }

    spawned_call(const spawned_call&) = delete;
    spawned_call& operator=(const spawned_call&) = delete;

    void cancel() { signal_.emit(boost::asio::cancellation_type::terminal); }

    bool ended() const noexcept { return ended_; }

    /// Throws what the coroutine threw.
    void rethrow() const
    {
        if (!ended_)
            throw std::logic_error("the coroutine has not ended");
        if (failure_)
            std::rethrow_exception(failure_);
    }

private:
    boost::asio::cancellation_signal signal_;
    bool ended_ = false;
    std::exception_ptr failure_;
};

/// Runs the context until `done` says so. Throws when that takes too long.
inline void run_until(boost::asio::io_context& context, const std::function<bool()>& done)
{
    const auto deadline = std::chrono::steady_clock::now() + coro_deadline;
    context.restart();
    while (!done()) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("what was waited for did not happen");
        context.run_one_for(std::chrono::milliseconds(1));
        context.restart();
    }
}

}  // namespace test
