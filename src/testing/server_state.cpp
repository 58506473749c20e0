#include "testing/server_state.hpp"

#include <utility>

namespace dedalus::testing {

namespace {

std::optional<reply> take_first(std::deque<reply>& replies)
{
    if (replies.empty())
        return std::nullopt;
    std::optional<reply> next(std::move(replies.front()));
    replies.pop_front();
    return next;
}

}  // namespace

void server_state::enqueue(reply r)
{
    const std::lock_guard lock(mutex_);
    scripted_.push_back(std::move(r));
}

std::optional<reply> server_state::next_scripted_reply()
{
    const std::lock_guard lock(mutex_);
    return take_first(scripted_);
}

void server_state::enqueue_lookup(reply r)
{
    const std::lock_guard lock(mutex_);
    scripted_lookups_.push_back(std::move(r));
}

std::optional<reply> server_state::next_scripted_lookup()
{
    const std::lock_guard lock(mutex_);
    return take_first(scripted_lookups_);
}

void server_state::set_handler(request_handler handler)
{
    const std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
}

request_handler server_state::handler() const
{
    const std::lock_guard lock(mutex_);
    return handler_;
}

void server_state::record(received_request request)
{
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
    changed_.notify_all();
}

std::vector<received_request> server_state::requests() const
{
    const std::lock_guard lock(mutex_);
    return requests_;
}

void server_state::record_lookup(received_request request)
{
    const std::lock_guard lock(mutex_);
    lookups_.push_back(std::move(request));
}

std::vector<received_request> server_state::lookups() const
{
    const std::lock_guard lock(mutex_);
    return lookups_;
}

bool server_state::wait_for_requests(std::size_t n, std::chrono::milliseconds at_most) const
{
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return requests_.size() >= n; });
}

std::size_t server_state::connection_opened()
{
    const std::lock_guard lock(mutex_);
    ++open_;
    changed_.notify_all();
    return ++accepted_;
}

void server_state::connection_closed()
{
    const std::lock_guard lock(mutex_);
    --open_;
    changed_.notify_all();
}

std::size_t server_state::connections_accepted() const
{
    const std::lock_guard lock(mutex_);
    return accepted_;
}

std::size_t server_state::connections_open() const
{
    const std::lock_guard lock(mutex_);
    return open_;
}

bool server_state::wait_for_connections_open(std::size_t n, std::chrono::milliseconds at_most) const
{
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return open_ == n; });
}

}  // namespace dedalus::testing
