#include "transport/connection_pool.hpp"

#include "net/wake_up.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace asio = boost::asio;

namespace dedalus::transport {

/// A call in the queue.
struct connection_pool::waiter
{
    explicit waiter(const asio::any_io_executor& executor) : woken(executor) {}

    net::wake_up woken;
    std::uint64_t ticket = 0;
    std::optional<state::place> given{};  // set when it leaves the queue by its turn
};

// Connections are destroyed and waiters woken outside of the lock: both are system calls.
template <class Operation>
void connection_pool::change(Operation operation)
{
    state::effects out;
    {
        const std::lock_guard lock(mutex_);
        operation(state_, out);
        for (auto& each : out.turns)
            each.waiter->given = std::move(each.given);
    }
    for (auto& each : out.turns)
        each.waiter->woken.notify();
}

/// Asks for a place, and queues for it if there is none; gives up whichever it has at the end.
class connection_pool::turn
{
public:
    turn(connection_pool& pool, protocol::pool_key key) : pool_(pool), key_(std::move(key))
    {
        pool_.change([this](state& pooled, state::effects& out) {
            given_ = pooled.acquire(key_, std::chrono::steady_clock::now(), out);
            if (given_)
                return;
            waiter_ = std::make_shared<waiter>(pool_.executor_);
            waiter_->ticket = pooled.wait(key_, waiter_);
        });
    }

    ~turn()
    {
        if (waiter_)
            pool_.change([this](state& pooled, state::effects&) {
                if (!pooled.leave(key_, waiter_->ticket))
                    given_ = std::exchange(waiter_->given, std::nullopt);
            });
        // The call has ended just when its turn came: the next one shall have it.
        if (given_) {
            connection_lease late = take();
            if (late)
                late.release();
        }
    }

    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    bool must_wait() const noexcept { return waiter_ != nullptr; }

    net::wake_up& woken() noexcept { return waiter_->woken; }

    /// The place. To be called when it need not wait, or was woken.
    connection_lease take()
    {
        if (waiter_ && !given_) {
            const std::lock_guard lock(pool_.mutex_);
            given_ = std::exchange(waiter_->given, std::nullopt);
        }
        waiter_.reset();
        std::optional<state::place> given = std::exchange(given_, std::nullopt);
        return connection_lease(pool_.shared_from_this(), key_, std::move(given->idle));
    }

private:
    connection_pool& pool_;
    protocol::pool_key key_;
    std::shared_ptr<waiter> waiter_;  // null: has never had to wait
    std::optional<state::place> given_;
};

connection_pool::connection_pool(asio::any_io_executor executor, const pool_options& options)
    : executor_(std::move(executor)), state_(options)
{}

asio::awaitable<connection_lease> connection_pool::acquire(protocol::pool_key key, call_limits limits)
{
    limits.check();
    turn mine(*this, std::move(key));
    if (mine.must_wait())
        co_await wait(mine, std::move(limits));
    connection_lease place = mine.take();
    place.take_usable();
    co_return place;
}

std::optional<connection_lease>
connection_pool::acquire_at_once(const protocol::pool_key& key, const call_limits& limits)
{
    limits.check();
    std::optional<state::place> given;
    change([&](state& pooled, state::effects& out) {
        given = pooled.acquire(key, std::chrono::steady_clock::now(), out);
    });
    if (!given)
        return std::nullopt;
    connection_lease place(shared_from_this(), key, std::move(given->idle));
    place.take_usable();
    return place;
}

asio::awaitable<void> connection_pool::wait(turn& queued /* borrowed */, call_limits limits)
{
    limits.guard->arm(limits.next(call_phase::pool, limits.timeouts.pool));
    const net::watch_scope scope(*limits.guard, queued.woken());
    std::exception_ptr failure;
    try {
        co_await queued.woken().wait();
    }
    catch (const std::exception&) {
        failure = std::current_exception();
    }
    limits.guard->disarm();
    limits.guard->throw_if_fired();
    if (failure)
        std::rethrow_exception(failure);
}

void connection_pool::close_idle()
{
    change([](state& pooled, state::effects& out) { pooled.close_idle(out); });
}

pool_stats connection_pool::stats() const
{
    const std::lock_guard lock(mutex_);
    return state_.stats();
}

void connection_pool::give_back(const protocol::pool_key& key, kept_connection back)
{
    change([&](state& pooled, state::effects& out) {
        pooled.give_back(key, std::move(back), std::chrono::steady_clock::now(), out);
    });
}

void connection_pool::free(const protocol::pool_key& key, protocol::close_reason why)
{
    change([&](state& pooled, state::effects& out) { pooled.free(key, why, out); });
}

std::optional<connection_pool::kept_connection> connection_pool::replace(const protocol::pool_key& key)
{
    std::optional<kept_connection> other;
    change([&](state& pooled, state::effects& out) {
        other = pooled.replace(key, std::chrono::steady_clock::now(), out);
    });
    return other;
}

void connection_pool::count_opened()
{
    const std::lock_guard lock(mutex_);
    state_.count_opened();
}

void connection_pool::count_reused()
{
    const std::lock_guard lock(mutex_);
    state_.count_reused();
}

void connection_pool::count_resent()
{
    const std::lock_guard lock(mutex_);
    state_.count_resent();
}

}  // namespace dedalus::transport
