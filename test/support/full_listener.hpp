#pragma once

#include <cstdint>
#include <vector>

namespace test {

/// A port that answers no connection attempt: its queue is full and nobody accepts.
class full_listener
{
public:
    /// @param port  0: any free one.
    explicit full_listener(const char* address = "127.0.0.1", std::uint16_t port = 0);
    ~full_listener();

    full_listener(const full_listener&) = delete;
    full_listener& operator=(const full_listener&) = delete;

    std::uint16_t port() const noexcept { return port_; }

private:
    std::vector<int> sockets_;
    std::uint16_t port_ = 0;
};

}  // namespace test
