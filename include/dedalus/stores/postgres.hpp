#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/run_store.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

struct pg_conn;

namespace dedalus {

struct postgres_store_options
{
    /// Connections that are open at most, 1 to 100; further operations wait for one. Each run_watch has one more.
    std::size_t max_connections = 4;

    /// How long an operation takes at most, with waiting for a connection, connecting, and repeating it after a broken
    /// connection: 100 ms to 10 min. Then store_error(busy).
    std::chrono::milliseconds operation_timeout{10000};
};

/// Keeps runs in PostgreSQL 14 or newer, for many machines. The tables are called dedalus_* and lie where the search
/// path of the connection says; call migrate() once before the first use.
///
/// An operation whose connection breaks is repeated on another one, which its op_id makes safe. It has all optional
/// operations; collect() and list_resumable() pass over runs that somebody else is working on at that moment. Leave
/// synchronous_commit on: a commit that the server forgets is a broken promise to tool_effect::once.
class DEDALUS_EXPORT postgres_run_store final : public run_store
{
public:
    /// @param connection  as libpq takes it: "host=/run/postgresql dbname=runs" or "postgresql://...". Name resolution
    ///                    blocks the thread, unless `hostaddr` is given. It may hold a password, and is in no error.
    ///
    /// Connects with the first operation. Throws config_error for options that are out of range.
    postgres_run_store(boost::asio::any_io_executor executor, const std::string& connection);
    postgres_run_store(
        boost::asio::any_io_executor executor, const std::string& connection, postgres_store_options options
    );
    ~postgres_run_store() override;

    postgres_run_store(const postgres_run_store&) = delete;
    postgres_run_store& operator=(const postgres_run_store&) = delete;

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

    /// Writes tool_context::finish_record() over a connection of the tool (a PGconn*) to the same database, in the
    /// transaction in which the tool writes its effect. READ COMMITTED, and the tables on the search path. Blocks: see
    /// blocking_tool(). The run cannot be taken over until the transaction has ended, so keep it short.
    ///
    /// Throws store_error(refused) when the run has passed to another owner, or the call has ended: roll back, nothing
    /// of the effect may stay. Throws store_error(invalid_argument) when there is no transaction, or the request is no
    /// such record, and store_error(unavailable) for what the server refuses.
    static void append_in(pg_conn* connection, const stores::append_request& finish);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace dedalus
