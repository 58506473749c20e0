#include <dedalus/handoff/blocking_tool.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>

namespace dedalus::detail {

namespace asio = boost::asio;

namespace {

/// Runs its work on other threads, and completes on the executor of its handler, which stays at work meanwhile.
struct work_elsewhere
{
    asio::any_io_executor executor;
    std::function<void()> work;

    template <class Handler>
    void operator()(Handler handler)
    {
        auto caller = asio::get_associated_executor(handler, executor);
        auto guard = asio::make_work_guard(caller);
        auto run = [w = std::move(work), caller, guard = std::move(guard), h = std::move(handler)]() mutable {
            std::exception_ptr failure;
            try {
                w();
            }
            catch (...) {
                failure = std::current_exception();
            }
            w = nullptr;
            asio::dispatch(caller, [failure = std::move(failure), h = std::move(h)]() mutable {
                std::move(h)(std::move(failure));
            });
        };
        asio::post(executor, std::move(run));
    }
};

}  // namespace

asio::awaitable<void> run_blocking_on(asio::any_io_executor executor, std::function<void()> work)
{
    // What the work refers to lives in the coroutine that awaits it.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    work_elsewhere elsewhere{std::move(executor), std::move(work)};
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
        std::move(elsewhere), asio::use_awaitable
    );
}

}  // namespace dedalus::detail
