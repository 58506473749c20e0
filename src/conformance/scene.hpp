#pragma once

#include <dedalus/testing/store_conformance.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dedalus::conformance {

namespace asio = boost::asio;

using asio::awaitable;
using stores::call_key;
using stores::call_record;
using stores::call_record_kind;
using stores::log_entry;
using stores::time_point;
using stores::wait_key;

inline constexpr std::chrono::milliseconds long_lease(60000);

/// The store broke the rule.
class broken_rule : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

inline void require(bool right, const char* what)
{
    if (!right)
        throw broken_rule(what);
}

/// What a check works with.
struct scene
{
    std::shared_ptr<run_store> store{};
    std::shared_ptr<run_store> other{};  ///< the same storage, as another process has it
    testing::store_conformance_options options{};
    std::string prefix{};  ///< of the run ids of this check
    int last_op = 0;

    std::string op() { return prefix + "-op" + std::to_string(++last_op); }

    std::string run_id(int n = 0) const { return prefix + '-' + std::to_string(n); }
};

using scene_ptr = std::shared_ptr<scene>;

struct check
{
    const char* name;
    const char* capability;
    awaitable<void> (*run)(scene_ptr);
};

using check_list = std::vector<check>;

const check_list& run_checks();
const check_list& lease_checks();
const check_list& commit_checks();
const check_list& call_checks();
const check_list& post_checks();
const check_list& listing_checks();
const check_list& optional_checks();

// Requests with the members that a check does not care about filled in.
stores::run_head make_head(scene_ptr s, std::string bytes = "{}", run_phase phase = run_phase::ready);
log_entry make_entry(std::int64_t seq, std::int64_t fence, std::string body = "{}", std::string raw = "");
call_record make_record(
    call_record_kind kind, std::string call_id, std::int64_t fence, std::int64_t attempt = 1, std::string body = "{}"
);
stores::wait_record make_wait(std::string call_id, std::string token_sha256 = "");
stores::commit_request make_commit(scene_ptr s, std::int64_t fence, std::int64_t rev, int n = 0);
stores::append_request make_append(scene_ptr s, call_record record, int n = 0);
stores::post_request make_post(scene_ptr s, std::string inbox_id, std::string call_id);

/// A run in this phase, not acquired.
awaitable<void> create_run(scene_ptr s, int n = 0, run_phase phase = run_phase::ready);

/// Acquires it and gives the fence. The lease is live.
awaitable<std::int64_t> acquire_run(scene_ptr s, int n = 0, std::string owner = "owner");

/// Acquires it with a lease that is over when this returns, as that of a paused owner is.
awaitable<std::int64_t> acquire_and_lose(scene_ptr s, int n = 0);

/// Whole, as another process reads it; throws when it is not there.
awaitable<stores::stored_run> load_run(scene_ptr s, int n = 0);

/// Creates a run, acquires it and opens a wait for an approval of the call "c1" with the fingerprint "fp". Gives the
/// fence.
awaitable<std::int64_t> create_waiting(scene_ptr s, stores::wait_record wait);

/// Lets time pass on the store's clock.
awaitable<void> pass_time(scene_ptr s, std::chrono::milliseconds time);

/// Asks for an exception of the given reason.
template <class T>
awaitable<void> require_refused(awaitable<T> operation, store_errc reason, const char* what)
{
    bool refused = false;
    try {
        co_await std::move(operation);
    }
    catch (const store_error& e) {
        refused = e.reason() == reason;
    }
    require(refused, what);
}

/// What operations that were started at once gave.
template <class T>
struct joint_results
{
    std::mutex mutex{};
    std::vector<std::optional<T>> results{};
    std::exception_ptr failure{};
    std::size_t ended = 0;
};

/// Runs the operations at once, on the executor of the caller.
template <class T>
awaitable<std::vector<T>> together(std::vector<awaitable<T>> operations)
{
    const auto executor = co_await asio::this_coro::executor;
    auto joint = std::make_shared<joint_results<T>>();
    const std::size_t count = operations.size();
    joint->results.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        asio::co_spawn(executor, std::move(operations[i]), [joint, i](std::exception_ptr failure, T result) {
            const std::lock_guard lock(joint->mutex);
            joint->results[i] = std::move(result);
            if (failure)
                joint->failure = failure;
            ++joint->ended;
        });
    }
    const auto all_ended = [joint, count] {
        const std::lock_guard lock(joint->mutex);
        return joint->ended == count;
    };
    asio::steady_timer timer(executor);
    while (!all_ended()) {
        timer.expires_after(std::chrono::milliseconds(1));
        co_await timer.async_wait(asio::use_awaitable);
    }
    if (joint->failure)
        std::rethrow_exception(joint->failure);
    std::vector<T> results;
    for (std::optional<T>& result : joint->results)
        results.push_back(std::move(*result));
    co_return results;
}

}  // namespace dedalus::conformance
