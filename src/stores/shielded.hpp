#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace dedalus::stores {

using store_strand = boost::asio::strand<boost::asio::any_io_executor>;

template <class T>
struct shielded_call
{
    store_strand strand;
    boost::asio::any_io_executor caller;
    boost::asio::awaitable<T> body;

    template <class Handler>
    void operator()(Handler handler)
    {
        namespace asio = boost::asio;
        auto work = asio::make_work_guard(caller);
        auto complete = [work = std::move(work),
                         to = caller,
                         h = std::move(handler)](std::exception_ptr failure, T result) mutable {
            asio::post(to, [failure, r = std::move(result), h = std::move(h)]() mutable {
                std::move(h)(failure, std::move(r));
            });
        };
        asio::co_spawn(strand, std::move(body), std::move(complete));
    }
};

/// Runs a coroutine on a strand, to its end even when the caller is cancelled: a write that may have been done must not
/// look like one that was not. The result comes on the executor of the caller. T must be default constructible.
template <class T>
boost::asio::awaitable<T> run_shielded(store_strand strand, boost::asio::awaitable<T> body)
{
    namespace asio = boost::asio;
    asio::any_io_executor caller = co_await asio::this_coro::executor;
    shielded_call<T> call{std::move(strand), std::move(caller), std::move(body)};
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, T)>(
        std::move(call), asio::use_awaitable
    );
}

}  // namespace dedalus::stores
