#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace dedalus::handoff_engine {

using strand = boost::asio::strand<boost::asio::any_io_executor>;

/// Runs a coroutine on a strand of its own, awaited by a coroutine of any executor. The result arrives on the executor
/// of the awaiting coroutine, whose terminal cancellation is passed on.
///
/// co_spawn with use_awaitable would do, but for one race: Boost 1.81 passes a cancellation on through a plain
/// pointer into the awaiting coroutine, which dangles when the spawned one ends on another thread at that moment.
template <class T>
class strand_hop
{
public:
    explicit strand_hop(strand s, boost::asio::awaitable<T> body, std::function<void()> on_cancel)
        : strand_(std::move(s)), body_(std::move(body)), on_cancel_(std::move(on_cancel))
    {}

    template <class Handler>
    void operator()(Handler handler)
    {
        namespace asio = boost::asio;
        auto relay = std::make_shared<asio::cancellation_signal>();
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            slot.assign([relay, s = strand_, on_cancel = on_cancel_](asio::cancellation_type type) {
                asio::post(s, [relay, type, on_cancel] {
                    if (on_cancel)
                        on_cancel();
                    else
                        relay->emit(type);
                });
            });
        }

        auto caller = asio::get_associated_executor(handler, asio::any_io_executor(strand_.get_inner_executor()));
        auto work = asio::make_work_guard(caller);
        auto complete = [relay, work = std::move(work), caller, h = std::move(handler)](
                            std::exception_ptr failure, T result
                        ) mutable {
            asio::dispatch(caller, [failure, r = std::move(result), h = std::move(h)]() mutable {
                std::move(h)(failure, std::move(r));
            });
        };
        asio::co_spawn(strand_, std::move(body_), asio::bind_cancellation_slot(relay->slot(), std::move(complete)));
    }

private:
    strand strand_;
    boost::asio::awaitable<T> body_;
    std::function<void()> on_cancel_;
};

/// Awaits `body` on the strand. T must be default constructible.
/// @param on_cancel  called on the strand in place of a cancellation of `body`; empty: it is cancelled
template <class T>
boost::asio::awaitable<T> run_on_strand(strand s, boost::asio::awaitable<T> body, std::function<void()> on_cancel)
{
    namespace asio = boost::asio;
    strand_hop<T> hop(std::move(s), std::move(body), std::move(on_cancel));
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, T)>(
        std::move(hop), asio::use_awaitable
    );
}

template <class T>
boost::asio::awaitable<T> run_on_strand(strand s, boost::asio::awaitable<T> body)
{
    return run_on_strand(std::move(s), std::move(body), std::function<void()>());
}

}  // namespace dedalus::handoff_engine
