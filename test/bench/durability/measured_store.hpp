#pragma once

#include "stores/forwarding_store.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace bench {

/// What a run wrote, and how long its writes took.
struct store_load
{
    std::size_t bytes = 0;         ///< of heads, entries, records and waits
    std::size_t largest_head = 0;  ///< in bytes
    std::vector<std::chrono::nanoseconds> commits{};
    std::vector<std::chrono::nanoseconds> appends{};

    std::chrono::nanoseconds total() const;
};

/// The time that so many of these, 0 to 1, took at most.
std::chrono::nanoseconds quantile(std::vector<std::chrono::nanoseconds> times, double share);

/// Counts what is written and takes the time, until the caller goes on.
class measured_store final : public test::forwarding_store
{
public:
    measured_store(std::shared_ptr<dedalus::run_store> to, store_load& load)
        : forwarding_store(std::move(to)), load_(load)
    {}

    awaitable<dedalus::stores::create_outcome> create(dedalus::stores::create_request r) override;
    awaitable<dedalus::stores::commit_result> commit(dedalus::stores::commit_request r) override;
    awaitable<dedalus::stores::append_result> append_call(dedalus::stores::append_request r) override;

private:
    void count(const dedalus::stores::run_head& head);
    void count(const std::vector<dedalus::stores::log_entry>& entries);
    void count(const std::vector<dedalus::stores::call_record>& records);

    store_load& load_;
};

}  // namespace bench
