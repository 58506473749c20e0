#pragma once

#include "crypto/credential_envelope.hpp"
#include "net/wake_up.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

namespace dedalus {

/// The key of the authorization server, and whose turn it is to fetch it. Any thread.
class key_cache
{
public:
    using key = std::shared_ptr<const crypto::credential_sealer>;
    using time_point = std::chrono::steady_clock::time_point;

    /// Servers change their keys; this is far shorter than they keep the old one.
    static constexpr std::chrono::minutes max_age{10};

    /// Null when there is none, or an old one.
    key find(time_point now) const;

    /// True: the caller fetches the key, and calls end_fetch() in any case. False: somebody is fetching it, and
    /// `waiter` is notified when that has ended, with or without a key.
    bool begin_fetch(std::shared_ptr<net::wake_up> waiter);

    void store(key fetched, time_point now);

    void end_fetch() noexcept;

private:
    mutable std::mutex mutex_;
    key key_;
    time_point fetched_at_;
    bool fetching_ = false;
    std::vector<std::shared_ptr<net::wake_up>> waiters_;
};

}  // namespace dedalus
