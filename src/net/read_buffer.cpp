#include "net/read_buffer.hpp"

#include <array>
#include <new>
#include <utility>

namespace dedalus::net {

namespace {

using buffer_bytes = std::unique_ptr<char[]>;

// One for the bytes of TLS, one for what is in them. A buffer may outlive its thread's spares: a stream in a static
// variable does.
struct spare_buffers
{
    ~spare_buffers() { gone = true; }

    std::array<buffer_bytes, 2> kept{};
    static thread_local bool gone;
};

thread_local bool spare_buffers::gone = false;
thread_local spare_buffers spares;

buffer_bytes take_spare() noexcept
{
    if (spare_buffers::gone)
        return nullptr;
    for (buffer_bytes& spare : spares.kept) {
        if (spare)
            return std::exchange(spare, nullptr);
    }
    return nullptr;
}

void keep_spare(buffer_bytes bytes) noexcept
{
    if (spare_buffers::gone)
        return;
    for (buffer_bytes& spare : spares.kept) {
        if (!spare) {
            spare = std::move(bytes);
            return;
        }
    }
}

}  // namespace

std::span<char> read_buffer::get() noexcept
{
    if (!bytes_)
        bytes_ = take_spare();
    if (!bytes_)
        bytes_.reset(new (std::nothrow) char[size]);
    return bytes_ ? std::span(bytes_.get(), size) : std::span<char>();
}

void read_buffer::give_back() noexcept
{
    if (bytes_)
        keep_spare(std::move(bytes_));
}

}  // namespace dedalus::net
