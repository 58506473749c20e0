#include "client/key_cache.hpp"

#include <utility>

namespace dedalus {

key_cache::key key_cache::find(time_point now) const
{
    const std::lock_guard lock(mutex_);
    return key_ && now - fetched_at_ < max_age ? key_ : nullptr;
}

bool key_cache::begin_fetch(std::shared_ptr<net::wake_up> waiter)
{
    const std::lock_guard lock(mutex_);
    if (!std::exchange(fetching_, true))
        return true;
    waiters_.push_back(std::move(waiter));
    return false;
}

void key_cache::store(key fetched, time_point now)
{
    const std::lock_guard lock(mutex_);
    key_ = std::move(fetched);
    fetched_at_ = now;
}

void key_cache::end_fetch() noexcept
{
    std::vector<std::shared_ptr<net::wake_up>> waiters;
    {
        const std::lock_guard lock(mutex_);
        fetching_ = false;
        waiters.swap(waiters_);
    }
    for (const std::shared_ptr<net::wake_up>& waiter : waiters)
        waiter->notify();
}

}  // namespace dedalus
