#pragma once

#include "protocol/retry_budget.hpp"

#include <mutex>

namespace dedalus {

/// The retry budget that a client and those derived from it share. Any thread.
class retry_gate
{
public:
    using time_point = protocol::retry_budget::time_point;

    explicit retry_gate(const retry_budget_options& options) : budget_(options) {}

    void add_call(time_point now)
    {
        const std::lock_guard lock(mutex_);
        budget_.add_call(now);
    }

    bool take(time_point now)
    {
        const std::lock_guard lock(mutex_);
        return budget_.take(now);
    }

private:
    std::mutex mutex_;
    protocol::retry_budget budget_;
};

}  // namespace dedalus
