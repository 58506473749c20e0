#include "stores/wake_hub.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <deque>
#include <utility>

namespace dedalus::stores {

namespace asio = boost::asio;

namespace {

// What a reader has not fetched: more than so many runs are told as one "anything may have happened".
constexpr std::size_t max_kept = 256;

}  // namespace

/// The wake-ups that one reader has not fetched yet. Its timer is touched under the mutex alone.
class wake_subscription
{
public:
    explicit wake_subscription(std::string run_id) : run_id_(std::move(run_id)) {}

    void notify(std::string_view run_id)
    {
        if (!run_id_.empty() && !run_id.empty() && run_id != run_id_)
            return;
        const std::lock_guard lock(mutex_);
        if (std::ranges::find(kept_, run_id) == kept_.end())
            kept_.emplace_back(run_id);
        if (kept_.size() > max_kept)
            kept_.assign(1, std::string());
        wake();
    }

    void close()
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        wake();
    }

    std::optional<std::string> take()
    {
        const std::lock_guard lock(mutex_);
        timer_.reset();
        if (kept_.empty())
            return {};
        std::string first = std::move(kept_.front());
        kept_.pop_front();
        return first;
    }

    /// Completes when there is something to take, or with the timer.
    template <class Handler>
    void wait(std::shared_ptr<asio::steady_timer> timer, Handler handler)
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || !kept_.empty()) {
            asio::post(timer->get_executor(), [h = std::move(handler)]() mutable {
                std::move(h)(boost::system::error_code());
            });
            return;
        }
        timer_ = timer;
        timer->async_wait(std::move(handler));
    }

private:
    void wake()
    {
        if (const auto timer = timer_.lock())
            timer->cancel();
    }

    const std::string run_id_;
    std::mutex mutex_;
    std::deque<std::string> kept_;
    std::weak_ptr<asio::steady_timer> timer_;  // of the reader, who may go with its context
    bool closed_ = false;
};

namespace {

struct start_wait
{
    std::shared_ptr<wake_subscription> subscription;
    std::shared_ptr<asio::steady_timer> timer;

    template <class Handler>
    void operator()(Handler handler)
    {
        // The reader may be resumed, and gone, before this returns.
        const std::shared_ptr<wake_subscription> kept = subscription;
        kept->wait(std::move(timer), std::move(handler));
    }
};

asio::awaitable<std::optional<std::string>>
next_wake_up(std::shared_ptr<wake_subscription> subscription, std::chrono::milliseconds at_most)
{
    auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, at_most);
    const auto token = asio::as_tuple(asio::use_awaitable);
    start_wait wait{subscription, timer};
    co_await asio::async_initiate<decltype(token), void(boost::system::error_code)>(std::move(wait), token);
    std::optional<std::string> taken = subscription->take();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
    co_return taken;
}

class watch final : public run_watch
{
public:
    explicit watch(std::shared_ptr<wake_subscription> subscription) : subscription_(std::move(subscription)) {}

    asio::awaitable<std::optional<std::string>> next(std::chrono::milliseconds at_most) override
    {
        return next_wake_up(subscription_, at_most);
    }

private:
    std::shared_ptr<wake_subscription> subscription_;
};

}  // namespace

wake_hub::~wake_hub()
{
    for (const auto& weak : subscriptions_) {
        if (const auto subscription = weak.lock())
            subscription->close();
    }
}

std::unique_ptr<run_watch> wake_hub::subscribe(std::string run_id)
{
    auto subscription = std::make_shared<wake_subscription>(std::move(run_id));
    const std::lock_guard lock(mutex_);
    std::erase_if(subscriptions_, [](const auto& weak) { return weak.expired(); });
    subscriptions_.push_back(subscription);
    return std::make_unique<watch>(std::move(subscription));
}

void wake_hub::notify(std::string_view run_id)
{
    const std::lock_guard lock(mutex_);
    for (const auto& weak : subscriptions_) {
        if (const auto subscription = weak.lock())
            subscription->notify(run_id);
    }
}

}  // namespace dedalus::stores
