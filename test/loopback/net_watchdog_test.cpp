#include <dedalus/client_options.hpp>
#include <dedalus/error.hpp>

#include "net/watchdog.hpp"
#include "support/catch.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

namespace net_watchdog_test {

namespace asio = boost::asio;
namespace net = dedalus::net;
using dedalus::call_phase;
using dedalus::protocol::deadline;
using dedalus::protocol::phase_deadline;
using verdict = net::watchdog::verdict;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

struct target final : net::interruptible
{
    void interrupt() noexcept override { ++interruptions; }

    std::atomic<int> interruptions = 0;
};

deadline in(std::chrono::milliseconds time, call_phase phase = call_phase::body)
{
    return phase_deadline(phase, clock_type::now(), time);
}

struct watched
{
    watched() { guard->watch(&socket); }

    ~watched()
    {
        if (guard)
            guard->watch(nullptr);
    }

    /// Runs what there is to run; true when nothing is left.
    bool run_out_of_work()
    {
        context.restart();
        context.run_for(10s);
        return context.stopped();
    }

    asio::io_context context;
    target socket;
    std::optional<net::watchdog> guard{std::in_place, asio::any_io_executor(context.get_executor())};
};

}  // namespace

TEST_CASE("a deadline that passes interrupts the target and tells its phase")
{
    watched w;
    const deadline limit = in(20ms, call_phase::stream_idle);
    w.guard->arm(limit);
    CHECK(w.guard->state() == verdict::none);
    w.guard->throw_if_fired();

    REQUIRE(w.run_out_of_work());

    CHECK(clock_type::now() >= limit.at);
    CHECK(w.socket.interruptions == 1);
    CHECK(w.guard->state() == verdict::timed_out);
    CHECK(w.guard->fired() == limit);
    try {
        w.guard->throw_if_fired();
        FAIL("it must throw");
    }
    catch (const dedalus::timeout_error& e) {
        CHECK(e.phase() == call_phase::stream_idle);
        CHECK(e.elapsed() > 0ms);
    }
}

TEST_CASE("nothing fires while the watchdog is disarmed")
{
    watched w;
    w.guard->arm(in(10ms));
    w.guard->disarm();
    REQUIRE(w.run_out_of_work());
    CHECK(w.socket.interruptions == 0);
    CHECK(w.guard->state() == verdict::none);
}

TEST_CASE("a timer that expires before the deadline of that moment goes on waiting")
{
    watched w;
    w.guard->arm(in(10ms));
    w.guard->disarm();
    const deadline later = in(60ms);
    w.guard->arm(later);
    w.context.run_one_for(10s);  // the expiry of the first
    CHECK(w.socket.interruptions == 0);
    REQUIRE(w.run_out_of_work());
    CHECK(clock_type::now() >= later.at);
    CHECK(w.guard->fired() == later);
}

TEST_CASE("an earlier deadline replaces the timer that runs")
{
    watched w;
    w.guard->arm(in(1h));
    const deadline sooner = in(10ms);
    w.guard->arm(sooner);
    REQUIRE(w.run_out_of_work());
    CHECK(w.guard->fired() == sooner);
    CHECK(w.socket.interruptions == 1);
}

TEST_CASE("a deadline after a disarmed and expired one is watched again")
{
    watched w;
    w.guard->arm(in(1ms));
    w.guard->disarm();
    REQUIRE(w.run_out_of_work());
    w.guard->arm(in(1ms));
    REQUIRE(w.run_out_of_work());
    CHECK(w.guard->state() == verdict::timed_out);
}

TEST_CASE("without a deadline there is no timer")
{
    watched w;
    w.guard->arm(in(dedalus::no_limit));
    CHECK(w.context.run() == 0);
}

TEST_CASE("a watchdog that dies stops its timer")
{
    watched w;
    w.guard->arm(in(1h));
    w.guard.reset();
    CHECK(w.run_out_of_work());
    CHECK(w.socket.interruptions == 0);
}

TEST_CASE("nobody is interrupted when nothing is watched, but what is watched next")
{
    watched w;
    w.guard->watch(nullptr);
    w.guard->arm(in(1ms));
    REQUIRE(w.run_out_of_work());
    CHECK(w.socket.interruptions == 0);
    w.guard->watch(&w.socket);
    CHECK(w.socket.interruptions == 1);
}

TEST_CASE("cancelling interrupts the target at once, and every later one, for ever")
{
    watched w;
    w.guard->cancel();
    w.guard->cancel();
    CHECK(w.socket.interruptions == 1);
    w.guard->reset();
    CHECK(w.guard->state() == verdict::cancelled);
    target next;
    w.guard->watch(&next);
    CHECK(next.interruptions == 1);
    w.guard->watch(nullptr);
    try {
        w.guard->throw_if_fired();
        FAIL("it must throw");
    }
    catch (const dedalus::error& e) {
        CHECK(e.code() == asio::error::operation_aborted);
    }
}

TEST_CASE("a reset forgets a timeout, so that another attempt can be watched")
{
    watched w;
    w.guard->arm(in(1ms));
    REQUIRE(w.run_out_of_work());
    w.guard->reset();
    CHECK(w.guard->state() == verdict::none);
    target next;
    w.guard->watch(&next);
    CHECK(next.interruptions == 0);
    w.guard->arm(in(1ms, call_phase::write));
    REQUIRE(w.run_out_of_work());
    CHECK(next.interruptions == 1);
    CHECK(w.guard->fired().phase == call_phase::write);
    w.guard->watch(nullptr);
}

TEST_CASE("a watchdog is used by its owner, its timer and a canceller at once")
{
    asio::thread_pool pool(2);
    for (int i = 0; i < 100; ++i) {
        target socket;
        net::watchdog guard(pool.get_executor());
        guard.watch(&socket);
        std::thread canceller([&] { guard.cancel(); });
        for (int k = 0; k < 50; ++k) {
            guard.arm(in(std::chrono::milliseconds(k % 3)));
            guard.disarm();
        }
        canceller.join();
        guard.watch(nullptr);
        CHECK(guard.state() == verdict::cancelled);
        CHECK(socket.interruptions >= 1);
    }
    pool.join();
}

}  // namespace net_watchdog_test
