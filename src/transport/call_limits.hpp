#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/error.hpp>
#include <dedalus/response_info.hpp>

#include "net/watchdog.hpp"
#include "protocol/deadlines.hpp"

#include <chrono>
#include <memory>

namespace dedalus::transport {

/// What bounds the waits of one call.
struct call_limits
{
    std::shared_ptr<net::watchdog> guard;  ///< not null
    timeout_options timeouts;
    protocol::deadline total;  ///< of the whole call

    /// Where the time of the attempt goes; whoever spends it says so, also when it fails afterwards. Not null.
    std::shared_ptr<timings> times = std::make_shared<timings>();

    /// The deadline of a wait that begins now and may take `limit`.
    protocol::deadline next(call_phase phase, std::chrono::milliseconds limit) const
    {
        const auto now = std::chrono::steady_clock::now();
        return protocol::earliest(protocol::phase_deadline(phase, now, limit), total);
    }

    /// Throws when the call was cancelled or its time is over. For the places that go on without waiting, where the
    /// guard has nothing to interrupt.
    void check() const
    {
        guard->throw_if_fired();
        if (total.unlimited())
            return;
        const auto now = std::chrono::steady_clock::now();
        if (now >= total.at)
            throw timeout_error(total.phase, std::chrono::duration_cast<std::chrono::milliseconds>(now - total.start));
    }
};

}  // namespace dedalus::transport
