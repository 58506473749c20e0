#include "net/wake_up.hpp"
#include "support/cancel_when.hpp"
#include "support/catch.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <memory>
#include <thread>

namespace net_wake_up_test {

namespace asio = boost::asio;
namespace net = dedalus::net;
using namespace std::chrono_literals;

namespace {

asio::awaitable<void> wait_for(
    std::shared_ptr<net::wake_up> event,
    bool& waiting  // borrowed
)
{
    waiting = true;
    co_await event->wait();
}

asio::awaitable<std::thread::id> thread_after(std::shared_ptr<net::wake_up> event)
{
    co_await event->wait();
    co_return std::this_thread::get_id();
}

template <class Function>
void check_aborted(Function function)
{
    try {
        function();
        FAIL("it must throw");
    }
    catch (const boost::system::system_error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
    }
}

struct fixture
{
    asio::io_context context;
    std::shared_ptr<net::wake_up> event = std::make_shared<net::wake_up>(context.get_executor());
    bool waiting = false;

    void act_while_waiting(const std::function<void(asio::cancellation_signal&)>& act)
    {
        test::act_when(
            context, wait_for(event, waiting), [this] { return waiting; }, act
        );
    }
};

}  // namespace

TEST_CASE("a wait ends when it is notified")
{
    fixture f;
    SECTION("before")
    {
        f.event->notify();
        test::run_coro_on(f.context, f.event->wait());
    }
    SECTION("meanwhile")
    {
        f.act_while_waiting([&](asio::cancellation_signal&) { f.event->notify(); });
    }
    CHECK(f.context.stopped());
}

TEST_CASE("a wait throws when it is interrupted")
{
    fixture f;
    SECTION("before")
    {
        f.event->interrupt();
        check_aborted([&] { test::run_coro_on(f.context, f.event->wait()); });
    }
    SECTION("meanwhile")
    {
        check_aborted([&] { f.act_while_waiting([&](asio::cancellation_signal&) { f.event->interrupt(); }); });
    }
}

TEST_CASE("a wait throws when its coroutine is cancelled")
{
    fixture f;
    check_aborted([&] {
        f.act_while_waiting([](asio::cancellation_signal& signal) { signal.emit(asio::cancellation_type::terminal); });
    });
    f.event->notify();  // too late, and harmless
}

TEST_CASE("what came first counts")
{
    fixture f;
    f.event->notify();
    f.event->interrupt();
    test::run_coro_on(f.context, f.event->wait());

    fixture g;
    g.event->interrupt();
    g.event->notify();
    check_aborted([&] { test::run_coro_on(g.context, g.event->wait()); });
}

TEST_CASE("a pending wait is work: run() waits for the thread that notifies")
{
    for (int i = 0; i < 50; ++i) {
        fixture f;
        std::thread other([event = f.event] { event->notify(); });
        test::run_coro_on(f.context, f.event->wait());
        other.join();
    }
}

TEST_CASE("the coroutine goes on on its own executor")
{
    asio::thread_pool timers(1);
    const auto event = std::make_shared<net::wake_up>(timers.get_executor());
    asio::io_context context;
    std::thread other([event] { event->notify(); });
    CHECK(test::run_coro_on(context, thread_after(event)) == std::this_thread::get_id());
    other.join();
    timers.join();
}

TEST_CASE("an io_context may be destroyed while a coroutine waits for an event")
{
    std::weak_ptr<net::wake_up> event;
    {
        asio::io_context context;
        auto owned = std::make_shared<net::wake_up>(context.get_executor());
        event = owned;
        bool waiting = false;
        asio::co_spawn(context, wait_for(std::move(owned), waiting), [](std::exception_ptr) {
            FAIL("the coroutine must not end");
        });
        context.poll();
        CHECK(waiting);
        CHECK_FALSE(event.expired());
    }
    CHECK(event.expired());
}

}  // namespace net_wake_up_test
