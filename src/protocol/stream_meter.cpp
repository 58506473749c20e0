#include "protocol/stream_meter.hpp"

#include <utility>

namespace dedalus::protocol {

namespace {

std::chrono::microseconds between(stream_meter::time_point from, stream_meter::time_point to)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}

}  // namespace

stream_meter::stream_meter(time_point call, time_point header) : call_(call)
{
    latency_.total = between(call, header);
}

void stream_meter::waited(time_point from, time_point to)
{
    waited_ += between(from, to);
}

void stream_meter::chunk(time_point now)
{
    last_event_ = between(call_, now);
    if (!std::exchange(begun_, true))
        first_event_ = last_event_;
    latency_.chunk = std::exchange(waited_, {});
    latency_.total += latency_.chunk;
}

void stream_meter::end()
{
    latency_.total += std::exchange(waited_, {});
    latency_.is_last = true;
}

}  // namespace dedalus::protocol
