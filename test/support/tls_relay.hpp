#pragma once

#include "support/tls_fixture.hpp"

#include <cstdint>
#include <memory>

namespace test {

/// Speaks TLS with whoever connects to it on 127.0.0.1, and passes what they say on to a port of this machine, in a
/// thread of its own: makes a server that knows no TLS into one that does.
class tls_relay
{
public:
    tls_relay(const identity& who, std::uint16_t to);
    ~tls_relay();

    std::uint16_t port() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace test
