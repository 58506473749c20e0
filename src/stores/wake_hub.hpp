#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/run_store.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::stores {

class wake_subscription;

/// Passes wake-ups of runs to those who wait for them. Any thread.
class DEDALUS_EXPORT wake_hub
{
public:
    wake_hub() = default;

    /// Ends all waits.
    ~wake_hub();

    wake_hub(const wake_hub&) = delete;
    wake_hub& operator=(const wake_hub&) = delete;

    /// Of one run, or of all when `run_id` is empty.
    std::unique_ptr<run_watch> subscribe(std::string run_id);

    /// `run_id` empty: anything may have happened.
    void notify(std::string_view run_id);

private:
    std::mutex mutex_;
    std::vector<std::weak_ptr<wake_subscription>> subscriptions_;
};

}  // namespace dedalus::stores
