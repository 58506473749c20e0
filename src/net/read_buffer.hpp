#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace dedalus::net {

/// Room to read into, held only while there is something in it: of a thousand open streams few have bytes at the same
/// time. What is given back is kept for the next one on the same thread, two at most: such a room is in the cache of
/// the processor, and to allocate it for each event would cost more than the event.
class read_buffer
{
public:
    /// What two TLS records hold at most. A stream of full records takes 5 % less CPU than with room for one, because
    /// of half the system calls, and 9 % less with room for four; but a stream that nobody pulls keeps two such rooms.
    static constexpr std::size_t size = 32 * 1024;

    read_buffer() = default;

    ~read_buffer() { give_back(); }

    read_buffer(const read_buffer&) = delete;
    read_buffer& operator=(const read_buffer&) = delete;

    /// The room, with what was written to it since the last give_back(). Empty when there is no memory.
    std::span<char> get() noexcept;

    /// Nothing in it is needed any more.
    void give_back() noexcept;

private:
    std::unique_ptr<char[]> bytes_;
};

}  // namespace dedalus::net
