#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/run_store.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

namespace dedalus {

struct memory_store_options
{
    std::function<stores::time_point()> clock{};  ///< called under a lock, by any thread; empty: the system's clock
};

/// What a memory store does at an armed operation that writes.
enum class store_failpoint
{
    before_commit,            ///< throws; nothing was written
    after_commit_before_ack,  ///< writes, and throws
    drop_connection,          ///< throws, as does everything else until reconnect()
    stale_fence,              ///< another owner takes the run just before the operation
};

/// Keeps runs in memory: for tests, and for programs that want a run to outlive its coroutine but not their process.
/// It has all optional operations. No operation suspends, but for the waits of run_watch.
class DEDALUS_EXPORT memory_run_store final : public run_store
{
public:
    explicit memory_run_store(memory_store_options options);
    memory_run_store();
    ~memory_run_store() override;

    memory_run_store(const memory_run_store&) = delete;
    memory_run_store& operator=(const memory_run_store&) = delete;

    /// The `nth` operation that writes, from now and from 1, meets the failpoint. Its exception is `thrown`; null:
    /// store_error(unavailable). Takes the place of a failpoint that was not met.
    void arm(store_failpoint failpoint, std::size_t nth = 1, std::exception_ptr thrown = {});

    /// Ends drop_connection, and disarms.
    void reconnect();

    /// Operations that write, begun so far: create, acquire, renew, release, commit, append_call, post,
    /// put_late_result, remove, set_ttl, collect, put_named_blob, restore.
    std::size_t writes() const;

    boost::asio::awaitable<void> migrate() override;
    boost::asio::awaitable<int> schema_version() override;
    boost::asio::awaitable<stores::create_outcome> create(stores::create_request request) override;
    boost::asio::awaitable<stores::load_result> load(stores::load_request request) override;
    boost::asio::awaitable<stores::acquire_result> acquire(stores::acquire_request request) override;
    boost::asio::awaitable<stores::renew_result> renew(stores::renew_request request) override;
    boost::asio::awaitable<stores::lease_outcome> release(stores::release_request request) override;
    boost::asio::awaitable<stores::commit_result> commit(stores::commit_request request) override;
    boost::asio::awaitable<stores::append_result> append_call(stores::append_request request) override;
    boost::asio::awaitable<stores::post_outcome> post(stores::post_request request) override;
    boost::asio::awaitable<stores::late_outcome> put_late_result(stores::late_request request) override;
    boost::asio::awaitable<std::vector<std::string>> list_resumable(stores::run_filter filter) override;
    boost::asio::awaitable<stores::list_page> list(stores::list_query query) override;
    boost::asio::awaitable<stores::remove_outcome> remove(std::string run_id, bool must_be_terminal) override;
    store_capabilities capabilities() const noexcept override;
    boost::asio::awaitable<bool> set_ttl(std::string run_id, std::optional<std::chrono::milliseconds> ttl) override;
    boost::asio::awaitable<std::size_t> collect(stores::collect_query query) override;
    boost::asio::awaitable<bool> put_named_blob(std::string run_id, std::string name, std::string bytes) override;
    boost::asio::awaitable<std::optional<std::string>> get_blob(std::string run_id, std::string name) override;
    boost::asio::awaitable<stores::create_outcome> restore(stores::restore_request request) override;
    boost::asio::awaitable<std::unique_ptr<run_watch>> watch(std::string run_id) override;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace dedalus
