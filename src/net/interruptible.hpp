#pragma once

namespace dedalus::net {

/// Something whose pending wait can be ended from outside: a socket, or a wake_up.
class interruptible
{
public:
    interruptible(const interruptible&) = delete;
    interruptible& operator=(const interruptible&) = delete;

    /// Makes the pending wait and all later operations fail. Any thread, idempotent; the object must be alive, which
    /// watchdog::watch() sees to.
    virtual void interrupt() noexcept = 0;

protected:
    interruptible() = default;
    ~interruptible() = default;
};

}  // namespace dedalus::net
