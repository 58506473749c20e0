#include "protocol/stream_meter.hpp"

#include "support/catch.hpp"

namespace stream_meter_test {

using namespace std::chrono_literals;
using dedalus::stream_latency;
using dedalus::protocol::stream_meter;

namespace {

constexpr stream_meter::time_point start{1000s};

}  // namespace

TEST_CASE("stream meter: every wait is counted once, and the time of the consumer is not")
{
    stream_meter meter(start, start + 300ms);
    CHECK(meter.latency() == stream_latency{.total = 300ms});

    meter.waited(start + 310ms, start + 350ms);
    meter.waited(start + 350ms, start + 400ms);
    meter.chunk(start + 401ms);
    CHECK(meter.latency() == stream_latency{.chunk = 90ms, .total = 390ms});

    // The consumer thinks for a minute.
    meter.waited(start + 60s, start + 60s + 7ms);
    meter.chunk(start + 60s + 8ms);
    CHECK(meter.latency() == stream_latency{.chunk = 7ms, .total = 397ms});

    meter.waited(start + 61s, start + 61s + 3ms);
    meter.end();
    CHECK(meter.latency() == stream_latency{.chunk = 7ms, .total = 400ms, .is_last = true});
}

TEST_CASE("stream meter: a chunk that came with the one before has not been waited for")
{
    stream_meter meter(start, start);
    meter.waited(start, start + 5ms);
    meter.chunk(start + 5ms);
    meter.chunk(start + 2s);
    CHECK(meter.latency() == stream_latency{.chunk = 0ms, .total = 5ms});
}

TEST_CASE("stream meter: the first and the last chunk are told from the start of the call")
{
    stream_meter meter(start, start + 10ms);
    CHECK(meter.first_event() == 0ms);
    CHECK(meter.last_event() == 0ms);
    meter.chunk(start + 20ms);
    CHECK(meter.first_event() == 20ms);
    CHECK(meter.last_event() == 20ms);
    meter.chunk(start + 50ms);
    meter.end();
    CHECK(meter.first_event() == 20ms);
    CHECK(meter.last_event() == 50ms);
}

TEST_CASE("stream meter: what has not ended has no last chunk")
{
    stream_meter meter(start, start);
    meter.chunk(start + 1ms);
    meter.waited(start + 1ms, start + 9s);
    CHECK_FALSE(meter.latency().is_last);
}

}  // namespace stream_meter_test
