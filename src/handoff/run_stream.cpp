#include <dedalus/error.hpp>
#include <dedalus/handoff/run_stream.hpp>

#include "handoff/open_run_stream.hpp"
#include "handoff/strand_hop.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

namespace dedalus {

namespace asio = boost::asio;

namespace {

error run_cancelled()
{
    return error(asio::error::operation_aborted, "the run was cancelled");
}

run_event last_event(run_phase phase, stop_reason reason)
{
    if (phase == run_phase::suspended)
        return run_suspended_event{reason};
    if (phase == run_phase::completed)
        return run_completed_event{reason};
    return run_failed_event{phase, reason};
}

run_event last_event(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    }
    catch (const error& e) {
        if (const run_result* partial = e.partial_run())
            return last_event(partial->phase, partial->stop_reason);
    }
    catch (...) {
        return run_failed_event{};
    }
    return run_failed_event{};
}

}  // namespace

class run_stream::impl
{
public:
    impl(std::shared_ptr<handoff_engine::run_event_queue> events, asio::awaitable<run_result> run, bool stop_alone)
        : events_(std::move(events)), run_(std::move(run)), stop_alone_(stop_alone)
    {}

    static asio::awaitable<std::optional<run_event>> next(std::shared_ptr<impl> self);

    const run_result& result() const
    {
        const std::lock_guard lock(mutex_);
        if (!ended_)
            throw error(make_error_code(errc::operation_in_progress), "result() before the end of the run");
        if (failure_)
            std::rethrow_exception(failure_);
        return result_;
    }

    static void cancel(const std::shared_ptr<impl>& self)
    {
        const std::lock_guard lock(self->mutex_);
        self->cancelled_ = true;
        if (self->strand_ && !self->ended_)
            asio::post(*self->strand_, [self] { self->stop_.emit(asio::cancellation_type::terminal); });
    }

    static void let_go(const std::shared_ptr<impl>& self)
    {
        self->events_->abandon();
        if (self->stop_alone_)
            cancel(self);
    }

private:
    static void start(std::shared_ptr<impl> self, const asio::any_io_executor& executor);
    static void begin(const std::shared_ptr<impl>& self);
    bool is_cancelled() const;
    void end(std::exception_ptr failure, run_result result);
    std::exception_ptr take_failure();

    mutable std::mutex mutex_;
    std::shared_ptr<handoff_engine::run_event_queue> events_;
    asio::awaitable<run_result> run_;
    bool stop_alone_;
    std::optional<handoff_engine::strand> strand_;  // set: the run was started
    asio::cancellation_signal stop_;                // on the strand alone
    bool cancelled_ = false;
    bool ended_ = false;
    bool thrown_ = false;
    std::exception_ptr failure_;
    run_result result_;
    std::atomic<bool> pulling_ = false;
};

void run_stream::impl::start(std::shared_ptr<impl> self, const asio::any_io_executor& executor)
{
    const std::lock_guard lock(self->mutex_);
    if (self->strand_)
        return;
    self->strand_.emplace(executor);
    // On the strand, where a cancellation comes either before this or to the run.
    asio::post(*self->strand_, [self] { begin(self); });
}

void run_stream::impl::begin(const std::shared_ptr<impl>& self)
{
    if (self->is_cancelled())
        return self->end(std::make_exception_ptr(run_cancelled()), {});
    auto on_end = [self](std::exception_ptr failure, run_result result) { self->end(failure, std::move(result)); };
    asio::co_spawn(
        *self->strand_, std::move(self->run_), asio::bind_cancellation_slot(self->stop_.slot(), std::move(on_end))
    );
}

bool run_stream::impl::is_cancelled() const
{
    const std::lock_guard lock(mutex_);
    return cancelled_;
}

void run_stream::impl::end(std::exception_ptr failure, run_result result)
{
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        failure_ = failure;
        result_ = std::move(result);
    }
    events_->put(failure ? last_event(failure) : last_event(result_.phase, result_.stop_reason));
    events_->end();
}

std::exception_ptr run_stream::impl::take_failure()
{
    const std::lock_guard lock(mutex_);
    return std::exchange(thrown_, true) ? nullptr : failure_;
}

asio::awaitable<std::optional<run_event>> run_stream::impl::next(std::shared_ptr<impl> self)
{
    if (self->pulling_.exchange(true))
        throw error(make_error_code(errc::operation_in_progress), "next() while another next() is pending");

    struct release
    {
        std::atomic<bool>& flag;

        ~release() { flag = false; }
    } const released{self->pulling_};

    std::optional<run_event> event;
    try {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        start(self, executor);
        event = co_await handoff_engine::run_event_queue::take(self->events_);
    }
    catch (const boost::system::system_error& e) {
        throw error(e.code(), "the wait for an event was cancelled");
    }
    if (event)
        co_return event;
    if (const std::exception_ptr failure = self->take_failure())
        std::rethrow_exception(failure);
    co_return std::nullopt;
}

run_stream::run_stream(std::shared_ptr<impl> state) : impl_(std::move(state)) {}

run_stream::~run_stream()
{
    if (impl_)
        impl::let_go(impl_);
}

run_stream::run_stream(run_stream&&) noexcept = default;

run_stream& run_stream::operator=(run_stream&& other) noexcept
{
    if (this != &other) {
        if (impl_)
            impl::let_go(impl_);
        impl_ = std::move(other.impl_);
    }
    return *this;
}

asio::awaitable<std::optional<run_event>> run_stream::next()
{
    return impl::next(impl_);
}

const run_result& run_stream::result() const
{
    return impl_->result();
}

void run_stream::cancel() noexcept
{
    impl::cancel(impl_);
}

namespace handoff_engine {

run_stream open_run_stream(std::shared_ptr<run_event_queue> events, asio::awaitable<run_result> run, bool stop_alone)
{
    return run_stream(std::make_shared<run_stream::impl>(std::move(events), std::move(run), stop_alone));
}

}  // namespace handoff_engine

}  // namespace dedalus
