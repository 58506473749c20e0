#include "handoff/durable_lease.hpp"

#include <dedalus/stores/store_error.hpp>

#include "handoff/decision.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

constexpr int renewals_per_lease = 3;

asio::awaitable<void> renew_lease(durable& r, std::shared_ptr<lease_renewal> lease)  // borrowed: r
{
    while (!lease->over) {
        lease->next.expires_after(r.input->lease / renewals_per_lease);
        boost::system::error_code ignored;
        co_await lease->next.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (lease->over)
            co_return;
        try {
            co_await r.journal.renew();
            const stores::stored_run outside = co_await r.journal.load_outside();
            if (!hear_cancellation(r, outside.inbox) && !outside.inbox.empty()) {
                r.inbox_seen = true;
                r.tools.wake();
            }
        }
        catch (const run_lost&) {
            r.stop->now();  // the next write says so, too
            co_return;
        }
        catch (const store_error&) {
            continue;  // the lease runs on for a while; hold_lease() asks again before it has ended
        }
    }
}

}  // namespace

const stores::inbox_item* find_cancellation(const std::vector<stores::inbox_item>& inbox)
{
    const auto found = std::ranges::find_if(inbox, [](const stores::inbox_item& item) {
        return core::is_order(item, core::decision::kind::cancel_run);
    });
    return found == inbox.end() ? nullptr : &*found;
}

bool hear_cancellation(durable& r, const std::vector<stores::inbox_item>& inbox)
{
    const stores::inbox_item* order = find_cancellation(inbox);
    if (order == nullptr)
        return false;
    r.cancelled_by = order->inbox_id;
    r.stop->now();
    return true;
}

std::shared_ptr<lease_renewal> keep_lease(durable& r)
{
    auto lease = std::make_shared<lease_renewal>(r.s);
    asio::co_spawn(r.s, renew_lease(r, lease), [lease](std::exception_ptr) {
        lease->ended = true;
        lease->end.cancel();
    });
    return lease;
}

asio::awaitable<void> give_up_lease(durable& r, std::shared_ptr<lease_renewal> lease, bool ours)  // borrowed: r
{
    lease->over = true;
    lease->next.cancel();
    r.journal.hurry();
    boost::system::error_code ignored;
    if (!lease->ended)
        co_await lease->end.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (ours)
        co_await release_lease(r);
}

asio::awaitable<void> release_lease(durable& r)  // borrowed: r
{
    try {
        co_await r.journal.release();
    }
    catch (const store_error&) {
        co_return;
    }
}

}  // namespace dedalus::handoff_engine
