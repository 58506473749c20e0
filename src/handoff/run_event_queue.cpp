#include "handoff/run_event_queue.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;

namespace {

// Whether a signal was for this wait is seen by the look that follows it.
void check_signal(const boost::system::error_code& ec)
{
    if (ec.failed())
        throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace

run_event_queue::run_event_queue(const asio::any_io_executor& executor, std::size_t limit)
    : limit_(limit), filled_(executor, 1), emptied_(executor, 1)
{}

void run_event_queue::put(run_event event)
{
    {
        const std::lock_guard lock(mutex_);
        if (abandoned_)
            return;
        events_.push_back(std::move(event));
    }
    notify(filled_);
}

void run_event_queue::put_if_room(run_event event)
{
    {
        const std::lock_guard lock(mutex_);
        if (abandoned_ || events_.size() >= limit_)
            return;
        events_.push_back(std::move(event));
    }
    notify(filled_);
}

asio::awaitable<void> run_event_queue::room(std::shared_ptr<run_event_queue> self)
{
    while (!self->has_room()) {
        boost::system::error_code ec;
        co_await self->emptied_.async_receive(asio::redirect_error(asio::use_awaitable, ec));
        check_signal(ec);
    }
}

asio::awaitable<std::optional<run_event>> run_event_queue::take(std::shared_ptr<run_event_queue> self)
{
    while (self->nothing_to_take()) {
        boost::system::error_code ec;
        co_await self->filled_.async_receive(asio::redirect_error(asio::use_awaitable, ec));
        check_signal(ec);
    }
    std::optional<run_event> event;
    {
        const std::lock_guard lock(self->mutex_);
        if (!self->events_.empty()) {
            event.emplace(std::move(self->events_.front()));
            self->events_.pop_front();
        }
    }
    notify(self->emptied_);
    co_return event;
}

void run_event_queue::end()
{
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    notify(filled_);
}

void run_event_queue::abandon()
{
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        events_.clear();
    }
    notify(emptied_);
}

bool run_event_queue::has_room() const
{
    const std::lock_guard lock(mutex_);
    return abandoned_ || events_.size() < limit_;
}

bool run_event_queue::nothing_to_take() const
{
    const std::lock_guard lock(mutex_);
    return events_.empty() && !ended_;
}

void run_event_queue::notify(signal& s)
{
    s.try_send(boost::system::error_code());  // fails when one is there already, which is as good
}

}  // namespace dedalus::handoff_engine
