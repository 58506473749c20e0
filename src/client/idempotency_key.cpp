#include "client/idempotency_key.hpp"

#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <pthread.h>
#include <system_error>
#include <unistd.h>

namespace dedalus {

namespace {

// A child has the bytes of its parent, and must not make the same keys of them.
std::atomic<unsigned> forks = 0;

void count_fork() noexcept
{
    ++forks;
}

/// Random bytes of one thread, got for several keys at once: a system call for each was a fiftieth of a small call.
class random_bytes
{
public:
    random_bytes() { [[maybe_unused]] static const int watching = ::pthread_atfork(nullptr, nullptr, &count_fork); }

    boost::uuids::uuid take()
    {
        boost::uuids::uuid taken;
        if (used_ == bytes_.size() || forks_ != forks)
            fill();
        const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(used_);
        std::copy_n(from, taken.size(), taken.begin());
        std::fill_n(from, taken.size(), std::uint8_t(0));
        used_ += taken.size();
        return taken;
    }

private:
    void fill()
    {
        used_ = bytes_.size();
        forks_ = forks;
        if (::getentropy(bytes_.data(), bytes_.size()) != 0)
            throw std::system_error(errno, std::system_category(), "getentropy");
        used_ = 0;
    }

    std::array<std::uint8_t, 256> bytes_{};  // getentropy() gives no more at once
    std::size_t used_ = bytes_.size();
    unsigned forks_ = 0;
};

}  // namespace

std::string new_idempotency_key()
{
    static thread_local random_bytes source;
    boost::uuids::uuid id = source.take();
    // Version 4 (RFC 9562, 5.4).
    id.data[6] = static_cast<std::uint8_t>((id.data[6] & 0x0F) | 0x40);
    id.data[8] = static_cast<std::uint8_t>((id.data[8] & 0x3F) | 0x80);
    return "dedalus-cpp-" + boost::uuids::to_string(id);
}

}  // namespace dedalus
