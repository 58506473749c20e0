#pragma once

#include <dedalus/config.hpp>
#include <dedalus/detail/typed_tool.hpp>
#include <dedalus/handoff/tool_context.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace dedalus {

namespace detail {

/// Runs `work` there. Ends when it has ended, whatever is cancelled meanwhile; throws what it throws.
DEDALUS_EXPORT boost::asio::awaitable<void>
run_blocking_on(boost::asio::any_io_executor executor, std::function<void()> work);

template <class Result, class Function, class Arguments>
boost::asio::awaitable<Result> run_blocking_tool(
    boost::asio::any_io_executor executor,
    std::shared_ptr<Function> function,
    Arguments arguments,
    tool_context& context
)
{
    if constexpr (std::is_void_v<Result>) {
        std::function<void()> work = [&] { (*function)(std::move(arguments), context); };
        co_await run_blocking_on(std::move(executor), std::move(work));
    }
    else {
        std::optional<Result> result;
        std::function<void()> work = [&] { result.emplace((*function)(std::move(arguments), context)); };
        co_await run_blocking_on(std::move(executor), std::move(work));
        co_return *std::move(result);
    }
}

template <class Function>
struct blocking_signature : blocking_signature<decltype(&Function::operator())>
{};

template <class R, class A>
struct blocking_signature<R (*)(A, tool_context&)> : tool_signature_of<A, R>
{};

template <class F, class R, class A>
struct blocking_signature<R (F::*)(A, tool_context&)> : tool_signature_of<A, R>
{};

template <class F, class R, class A>
struct blocking_signature<R (F::*)(A, tool_context&) const> : tool_signature_of<A, R>
{};

template <class Function>
class blocking_handler
{
public:
    using arguments_type = typename blocking_signature<Function>::arguments;
    using result_type = typename blocking_signature<Function>::result;

    blocking_handler(boost::asio::any_io_executor executor, Function function)
        : executor_(std::move(executor)), function_(std::make_shared<Function>(std::move(function)))
    {}

    boost::asio::awaitable<result_type> operator()(arguments_type arguments, tool_context& context) const
    {
        return run_blocking_tool<result_type>(executor_, function_, std::move(arguments), context);
    }

private:
    boost::asio::any_io_executor executor_;
    std::shared_ptr<Function> function_;
};

}  // namespace detail

/// Makes a tool of a function that blocks: `json::value(json::object, tool_context&)` for tool_handler, or `R(A,
/// tool_context&)` with a described A for a typed tool. It runs on the threads of `executor`, which are to be others
/// than those of the client: as many calls run at once as it has threads, over all runs, and further ones wait there.
///
/// Nothing can end a function that blocks. When its time limit passes or its run is stopped, tool_context::
/// stop_requested() becomes true, which it may look at; the model is told that the outcome is unknown, and the run goes
/// on after handoff_options::cancellation_grace, but ends only when the function has returned. The time limit counts
/// from when the call is started, waiting for a thread included.
///
/// The calls share the function object and run on several threads at once: unlike other tools of a run they need locks
/// for what they share. They may use their context there. The executor must outlive the runs, and must not be stopped
/// before they end.
template <class Function>
detail::blocking_handler<std::decay_t<Function>>
blocking_tool(boost::asio::any_io_executor executor, Function&& function)
{
    return {std::move(executor), std::forward<Function>(function)};
}

/// The same for a thread_pool, or whatever else has an executor.
template <class Pool, class Function>
auto blocking_tool(Pool& threads, Function&& function)
    -> decltype(blocking_tool(threads.get_executor(), std::forward<Function>(function)))
{
    return blocking_tool(threads.get_executor(), std::forward<Function>(function));
}

}  // namespace dedalus
