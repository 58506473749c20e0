#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <concepts>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace test {

/// No test of a coroutine takes longer.
inline constexpr std::chrono::seconds coro_deadline(20);

/// Runs the context until it has no work left; throws when it still has some at the deadline, or when the coroutine
/// has not ended.
inline void run_until_idle(boost::asio::io_context& context, const bool& ended)
{
    context.run_for(coro_deadline);
    if (!ended)
        throw std::runtime_error("the coroutine did not end");
    if (!context.stopped())
        throw std::runtime_error("the coroutine ended, but left work behind");
}

/// Runs a coroutine on `context` to its end; gives its result or throws what it threw.
template <class T>
T run_coro_on(boost::asio::io_context& context, boost::asio::awaitable<T> coroutine)
{
    bool ended = false;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr e) {
            ended = true;
            failure = e;
        });
        run_until_idle(context, ended);
        if (failure)
            std::rethrow_exception(failure);
    }
    else {
        std::optional<T> result;
        boost::asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr e, T value) {
            ended = true;
            failure = e;
            if (!e)
                result.emplace(std::move(value));
        });
        run_until_idle(context, ended);
        if (failure)
            std::rethrow_exception(failure);
        return std::move(*result);
    }
}

/// The same on a fresh context. A result that holds a socket or a timer needs run_coro_on(): it must not outlive the
/// context.
template <class T>
T run_coro(boost::asio::awaitable<T> coroutine)
{
    boost::asio::io_context context;
    return run_coro_on(context, std::move(coroutine));
}

/// The same for a function that makes the coroutine from the executor of the fresh context.
template <std::invocable<boost::asio::any_io_executor> Function>
auto run_coro(Function make)
{
    boost::asio::io_context context;
    return run_coro_on(context, make(boost::asio::any_io_executor(context.get_executor())));
}

}  // namespace test
