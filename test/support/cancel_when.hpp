#pragma once

#include "support/run_coro.hpp"

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

/// Runs a coroutine until it is suspended and `ready` says so, then does `act` (such as to cancel it), then runs it to
/// its end. Throws what it threw.
inline void act_when(
    boost::asio::io_context& context,
    boost::asio::awaitable<void> coroutine,
    const std::function<bool()>& ready,
    const std::function<void(boost::asio::cancellation_signal&)>& act
)
{
    bool ended = false;
    std::exception_ptr failure;
    boost::asio::cancellation_signal signal;
    boost::asio::co_spawn(
        context,
        std::move(coroutine),
        boost::asio::bind_cancellation_slot(
            signal.slot(),
            [&](std::exception_ptr e) {
                ended = true;
                failure = e;
            }
        )
    );
    const auto deadline = std::chrono::steady_clock::now() + coro_deadline;
    do {
        context.run_one_for(std::chrono::milliseconds(1));
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("the coroutine never came to the point");
    } while (!ended && !ready());
    if (failure)
        std::rethrow_exception(failure);
    if (ended)
        throw std::runtime_error("the coroutine ended too early");
    act(signal);
    run_until_idle(context, ended);
    if (failure)
        std::rethrow_exception(failure);
}

inline void cancel_when(
    boost::asio::io_context& context, boost::asio::awaitable<void> coroutine, const std::function<bool()>& ready
)
{
    act_when(context, std::move(coroutine), ready, [](boost::asio::cancellation_signal& signal) {
        signal.emit(boost::asio::cancellation_type::terminal);
    });
}

}  // namespace test
