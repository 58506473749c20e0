#pragma once

#include <dedalus/chat/stream_latency.hpp>

#include <chrono>

namespace dedalus::protocol {

/// Measures one stream: the waits for the server, each counted once, and when its chunks were given out. What is
/// measured before the first chunk is the time to the response header.
class stream_meter
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// @param call  when the call began; `header`: when the response header had come.
    stream_meter(time_point call, time_point header);

    /// The stream has waited for bytes.
    void waited(time_point from, time_point to);

    /// A chunk is given out.
    void chunk(time_point now);

    /// The answer has ended as it should.
    void end();

    const stream_latency& latency() const noexcept { return latency_; }

    /// The waits since the last chunk together.
    std::chrono::microseconds waiting() const noexcept { return waited_; }

    /// From the start of the call to the first chunk and to the last one so far; 0 as long as there is none.
    std::chrono::microseconds first_event() const noexcept { return first_event_; }

    std::chrono::microseconds last_event() const noexcept { return last_event_; }

private:
    time_point call_;
    stream_latency latency_;
    std::chrono::microseconds waited_{};  // since the last chunk
    std::chrono::microseconds first_event_{};
    std::chrono::microseconds last_event_{};
    bool begun_ = false;
};

}  // namespace dedalus::protocol
