#include "net/wake_up.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <utility>

namespace dedalus::net {

namespace asio = boost::asio;
using boost::system::error_code;
using time_point = std::chrono::steady_clock::time_point;

namespace {

// An operation of its own, because the timer must be started under the mutex.
struct start_wait
{
    asio::steady_timer& timer;
    std::mutex& mutex;

    template <class Handler>
    void operator()(Handler&& handler) const
    {
        const std::lock_guard lock(mutex);
        timer.async_wait(std::forward<Handler>(handler));
    }
};

}  // namespace

wake_up::wake_up(const asio::any_io_executor& executor) : timer_(executor, time_point::max()) {}

void wake_up::notify() noexcept
{
    settle(outcome::notified);
}

void wake_up::interrupt() noexcept
{
    settle(outcome::interrupted);
}

void wake_up::settle(outcome result) noexcept
{
    const std::lock_guard lock(mutex_);
    if (outcome_ != outcome::pending)
        return;
    outcome_ = result;
    // Ends a pending wait as well as one that begins later.
    timer_.expires_at(time_point{});
}

asio::awaitable<void> wake_up::wait()
{
    error_code ignored;  // outcome_ tells more
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    const start_wait start{timer_, mutex_};
    co_await asio::async_initiate<decltype(token), void(error_code)>(start, token);

    const std::lock_guard lock(mutex_);
    if (outcome_ != outcome::notified)
        throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace dedalus::net
