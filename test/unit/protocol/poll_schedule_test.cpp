#include "protocol/poll_schedule.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"

#include <limits>
#include <optional>
#include <vector>

namespace poll_schedule_test {

using namespace dedalus;
using namespace std::chrono_literals;
using protocol::poll_schedule;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::steady_clock::time_point begin{1h};

protocol::deadline limit_of(milliseconds length)
{
    return protocol::phase_deadline(call_phase::deferred, begin, length);
}

poll_schedule schedule(const deferred_options& options)
{
    return {options, limit_of(options.deadline), 60s};
}

void check_refused(const deferred_options& options, const char* option)
{
    try {
        static_cast<void>(schedule(options));
        FAIL("not refused");
    }
    catch (const config_error& e) {
        CHECK(std::string(e.what()).find(option) != std::string::npos);
    }
}

}  // namespace

TEST_CASE("the waits grow from the first to the longest")
{
    poll_schedule waits = schedule({});
    std::vector<milliseconds> seen;
    for (int i = 0; i < 7; ++i)
        seen.push_back(waits.next(begin, std::nullopt).value());
    CHECK(seen == std::vector<milliseconds>{1s, 2s, 4s, 8s, 10s, 10s, 10s});

    poll_schedule steady = schedule({.first_wait = 3s, .factor = 1.0});
    for (int i = 0; i < 3; ++i)
        CHECK(steady.next(begin, std::nullopt) == 3s);

    poll_schedule sudden =
        schedule({.factor = std::numeric_limits<double>::infinity(), .max_wait = 24h, .deadline = no_limit});
    CHECK(sudden.next(begin, std::nullopt) == 1s);
    CHECK(sudden.next(begin, std::nullopt) == 24h);
}

TEST_CASE("a hint of the server takes the place of a wait, within bounds")
{
    poll_schedule waits = schedule({});
    CHECK(waits.next(begin, 5s) == 5s);
    CHECK(waits.next(begin, 0s) == 1s);
    CHECK(waits.next(begin, 60s) == 60s);
    CHECK(waits.next(begin, 1h) == 60s);
    CHECK(waits.next(begin, std::nullopt) == 10s);  // and the waits have gone on growing

    poll_schedule patient = schedule({.max_wait = 5min, .deadline = no_limit});
    CHECK(patient.next(begin, 1h) == 5min);
}

TEST_CASE("a wait that would not end before the deadline is not begun")
{
    const deferred_options options{.first_wait = 2s, .factor = 1.0, .deadline = 10s};
    CHECK(schedule(options).next(begin + 7s, std::nullopt) == 2s);
    CHECK(schedule(options).next(begin + 8s - 1ms, std::nullopt) == 2s);
    CHECK_FALSE(schedule(options).next(begin + 8s, std::nullopt).has_value());
    CHECK_FALSE(schedule(options).next(begin + 11s, std::nullopt).has_value());
    CHECK_FALSE(schedule(options).next(begin, 10s).has_value());
}

TEST_CASE("without a deadline there is always another wait")
{
    poll_schedule waits = schedule({.deadline = no_limit});
    const auto late = std::chrono::steady_clock::time_point::max();
    CHECK(waits.next(late, std::nullopt) == 1s);
}

TEST_CASE("options out of range are refused by name")
{
    check_refused({.first_wait = 0ms}, "first_wait");
    check_refused({.first_wait = -1ms}, "first_wait");
    check_refused({.first_wait = 11s}, "max_wait");
    check_refused({.max_wait = 24h + 1ms}, "max_wait");
    check_refused({.factor = 0.9}, "factor");
    check_refused({.factor = std::numeric_limits<double>::quiet_NaN()}, "factor");
    check_refused({.deadline = 0ms}, "deadline");
    check_refused({.deadline = -1s}, "deadline");
}

}  // namespace poll_schedule_test
