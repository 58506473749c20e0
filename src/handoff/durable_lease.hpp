#pragma once

#include "handoff/durable_state.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace dedalus::handoff_engine {

/// Keeps the lease while a run is followed.
struct lease_renewal
{
    explicit lease_renewal(const strand& s) : next(s), end(s, asio::steady_timer::time_point::max()) {}

    asio::steady_timer next;
    asio::steady_timer end;
    bool over = false;
    bool ended = false;
};

/// Begins to renew the lease of a run that was taken, and to look at what others write into it. The run has to live
/// until give_up_lease() has returned.
std::shared_ptr<lease_renewal> keep_lease(durable& r);

/// Ends that, and the lease if the run is still ours.
asio::awaitable<void> give_up_lease(durable& r, std::shared_ptr<lease_renewal> lease, bool ours);

/// A store that does not take it leaves the lease to end by itself.
asio::awaitable<void> release_lease(durable& r);

}  // namespace dedalus::handoff_engine
