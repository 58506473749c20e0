#include "net/watchdog.hpp"

#include <dedalus/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>

namespace dedalus::net {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

namespace {

constexpr clock::time_point never = clock::time_point::max();

}  // namespace

class watchdog::core : public std::enable_shared_from_this<core>
{
public:
    explicit core(const asio::any_io_executor& executor) : timer_(executor) {}

    void close() noexcept
    {
        const std::lock_guard lock(mutex_);
        target_ = nullptr;
        ++generation_;
        timer_.cancel();
    }

    void watch(interruptible* target) noexcept
    {
        const std::lock_guard lock(mutex_);
        target_ = target;
        if (verdict_ != verdict::none)
            interrupt_target();
    }

    void arm(const protocol::deadline& limit)
    {
        const std::lock_guard lock(mutex_);
        limit_ = limit;
        armed_ = !limit.unlimited();
        if (armed_ && verdict_ == verdict::none && limit.at < alarm_)
            start_timer();
    }

    void disarm() noexcept
    {
        const std::lock_guard lock(mutex_);
        armed_ = false;
    }

    void cancel() noexcept
    {
        const std::lock_guard lock(mutex_);
        if (verdict_ == verdict::cancelled)
            return;
        verdict_ = verdict::cancelled;
        interrupt_target();
    }

    void reset() noexcept
    {
        const std::lock_guard lock(mutex_);
        armed_ = false;
        if (verdict_ == verdict::timed_out)
            verdict_ = verdict::none;
    }

    verdict state() const noexcept
    {
        const std::lock_guard lock(mutex_);
        return verdict_;
    }

    protocol::deadline fired() const noexcept
    {
        const std::lock_guard lock(mutex_);
        return fired_;
    }

    void throw_if_fired() const
    {
        const std::lock_guard lock(mutex_);
        if (verdict_ == verdict::cancelled)
            throw error(asio::error::operation_aborted, "cancelled by the caller");
        if (verdict_ == verdict::timed_out)
            throw timeout_error(
                fired_.phase, std::chrono::duration_cast<std::chrono::milliseconds>(fired_at_ - fired_.start)
            );
    }

private:
    void interrupt_target() noexcept
    {
        if (target_ != nullptr)
            target_->interrupt();
    }

    void start_timer()
    {
        alarm_ = limit_.at;
        const std::uint64_t generation = ++generation_;
        timer_.expires_at(alarm_);  // ends the wait before, if there is one
        timer_.async_wait([self = shared_from_this(), generation](const boost::system::error_code&) {
            self->on_alarm(generation);
        });
    }

    void on_alarm(std::uint64_t generation)
    {
        const std::lock_guard lock(mutex_);
        // A handler that was on its way already when its wait was replaced has nothing to say.
        if (generation != generation_)
            return;
        alarm_ = never;
        if (!armed_ || verdict_ != verdict::none)
            return;
        const clock::time_point now = clock::now();
        if (now < limit_.at) {
            start_timer();
            return;
        }
        armed_ = false;
        verdict_ = verdict::timed_out;
        fired_ = limit_;
        fired_at_ = now;
        interrupt_target();
    }

    mutable std::mutex mutex_;
    asio::steady_timer timer_;
    interruptible* target_ = nullptr;
    protocol::deadline limit_{};
    bool armed_ = false;
    clock::time_point alarm_ = never;  // when the running timer expires; never: none runs
    std::uint64_t generation_ = 0;     // of the running timer
    verdict verdict_ = verdict::none;
    protocol::deadline fired_{};
    clock::time_point fired_at_{};
};

watchdog::watchdog(const asio::any_io_executor& executor) : core_(std::make_shared<core>(executor)) {}

watchdog::~watchdog()
{
    core_->close();
}

void watchdog::watch(interruptible* target) noexcept
{
    core_->watch(target);
}

void watchdog::arm(const protocol::deadline& limit)
{
    core_->arm(limit);
}

void watchdog::disarm() noexcept
{
    core_->disarm();
}

void watchdog::cancel() noexcept
{
    core_->cancel();
}

void watchdog::reset() noexcept
{
    core_->reset();
}

watchdog::verdict watchdog::state() const noexcept
{
    return core_->state();
}

protocol::deadline watchdog::fired() const noexcept
{
    return core_->fired();
}

void watchdog::throw_if_fired() const
{
    core_->throw_if_fired();
}

}  // namespace dedalus::net
