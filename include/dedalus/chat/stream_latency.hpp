#pragma once

#include <chrono>

namespace dedalus {

/// Time that a stream waited for the server. What the consumer does between two next() does not count.
struct stream_latency
{
    std::chrono::microseconds chunk{};  ///< wait for the last chunk; 0 when it had come together with the one before
    std::chrono::microseconds total{};  ///< start of the call to the response header, and the waits for all chunks
    bool is_last = false;               ///< the stream has come to its end: next() has given nothing

    bool operator==(const stream_latency&) const = default;
};

}  // namespace dedalus
