#include "protocol/deadlines.hpp"

#include <dedalus/client_options.hpp>

#include "support/catch.hpp"

namespace deadlines_test {

using namespace std::chrono_literals;
using namespace dedalus::protocol;
using dedalus::call_phase;
using dedalus::no_limit;
using time_point = std::chrono::steady_clock::time_point;

namespace {

constexpr time_point start{1000s};

}  // namespace

TEST_CASE("a limit counts from its start")
{
    CHECK(phase_deadline(call_phase::connect, start, 5s) == deadline{call_phase::connect, start, start + 5s});
    CHECK(add_limit(start, 0ms) == start);
    CHECK(add_limit(time_point{-10s}, 5s) == time_point{-5s});
    CHECK_FALSE(phase_deadline(call_phase::connect, start, 5s).unlimited());
}

TEST_CASE("no limit, and a limit beyond the clock, is never")
{
    for (const time_point from : {time_point{-1000s}, time_point{}, start, time_point::max() - 1s, time_point::max()}) {
        CHECK(add_limit(from, no_limit) == time_point::max());
        CHECK(add_limit(from, no_limit - 1ms) == time_point::max());
        CHECK(phase_deadline(call_phase::total, from, no_limit).unlimited());
    }
    CHECK(add_limit(time_point::max() - 1s, 2s) == time_point::max());
    CHECK(add_limit(time_point::max() - 2s, 1s) == time_point::max() - 1s);
}

TEST_CASE("of the limit of a phase and the total the earlier one counts")
{
    const deadline total = phase_deadline(call_phase::total, time_point{990s}, 12s);
    const deadline shorter = phase_deadline(call_phase::write, start, 1s);
    const deadline longer = phase_deadline(call_phase::write, start, 3s);
    const deadline equal = phase_deadline(call_phase::write, start, 2s);
    const deadline never = phase_deadline(call_phase::write, start, no_limit);
    const deadline total_never = phase_deadline(call_phase::total, start, no_limit);
    CHECK(earliest(shorter, total) == shorter);
    CHECK(earliest(longer, total) == total);
    CHECK(earliest(equal, total) == equal);
    CHECK(earliest(never, total) == total);
    CHECK(earliest(longer, total_never) == longer);
    CHECK(earliest(never, total_never).unlimited());
}

}  // namespace deadlines_test
