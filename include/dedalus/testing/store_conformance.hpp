#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/run_store.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dedalus::testing {

/// The store to be checked.
struct store_conformance_options
{
    /// Opens the storage; each call gives another object, as another process would have it, or the same again if there
    /// can be only one. The storage must be for the checks alone, because those of collect() remove runs; it need not
    /// be empty.
    std::function<std::shared_ptr<run_store>()> open{};

    /// Moves the store's clock on. Empty: the check waits.
    std::function<void(std::chrono::milliseconds)> pass_time{};

    /// Leases that have to end in a check last so long. Longer than what the store takes for four operations.
    std::chrono::milliseconds short_lease{1000};

    /// The largest head that the store takes: less than stores::max_head_bytes for one that adds to what it keeps.
    std::size_t max_head_bytes = stores::max_head_bytes;

    std::size_t large_value_bytes = std::size_t{4} * 1024 * 1024;
};

enum class check_status
{
    passed,
    failed,
    skipped,  ///< the store does not have the capability
};

struct store_check_result
{
    std::string name{};        ///< the rule, as a sentence
    std::string capability{};  ///< "base", "watch", "collect", "blobs" or "restore"
    check_status status = check_status::passed;
    std::string problem{};  ///< why it failed
};

/// The names of all checks, in order.
DEDALUS_EXPORT std::vector<std::string> store_checks();

/// Runs one check; it ends after a minute at the latest if the store's operations end. Throws std::out_of_range when
/// there is none of this name. Operations that are to happen at once are spawned on the executor of the caller: give
/// them a thread pool. Cancellation: none.
DEDALUS_EXPORT boost::asio::awaitable<store_check_result>
run_store_check(std::string name, store_conformance_options options);

/// Runs all checks, one after the other. The store conforms if none failed.
DEDALUS_EXPORT boost::asio::awaitable<std::vector<store_check_result>> check_store(store_conformance_options options);

}  // namespace dedalus::testing
