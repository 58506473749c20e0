#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/run_store.hpp>

#include <chrono>
#include <memory>
#include <string>

struct sqlite3;

namespace dedalus {

struct sqlite_store_options
{
    /// Sync each commit to the disk, so that none is lost when the power fails. False: the last commits may be lost
    /// then, and with them the guarantee of tool_effect::once; a crash of the process loses nothing either way.
    bool full_sync = true;

    /// How long an operation waits for other processes that write to the same file: 1 ms to 1 min. Then
    /// store_error(busy).
    std::chrono::milliseconds busy_timeout{5000};
};

/// Keeps runs in a SQLite file, for the processes of one host. Not for network file systems. The file holds prompts and
/// answers: set its permissions, or those of its folder, accordingly.
///
/// A thread of its own does the work; operations that are queued at the same time share a commit. Another one, unless
/// there is no file, serves list() and list_resumable(), so that they do not hold up commits. At most 10000 operations
/// can be queued for either, further ones get store_error(busy). It has the optional operations but watch().
class DEDALUS_EXPORT sqlite_run_store final : public run_store
{
public:
    /// Opens or makes the file (":memory:": none), and makes the tables. Blocks. Throws store_error(wrong_format) for
    /// a file of something else or of a newer version, store_error(unavailable) when it cannot be opened, config_error
    /// for options that are out of range.
    explicit sqlite_run_store(const std::string& path);
    sqlite_run_store(const std::string& path, sqlite_store_options options);

    /// Ends the threads when they have done what is queued.
    ~sqlite_run_store() override;

    sqlite_run_store(const sqlite_run_store&) = delete;
    sqlite_run_store& operator=(const sqlite_run_store&) = delete;

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

    /// Writes tool_context::finish_record() over a connection of the tool to the same file, in the transaction in which
    /// the tool writes its effect. Begin it with BEGIN IMMEDIATE. Blocks as long as the connection waits for others.
    ///
    /// Throws store_error(refused) when the run has passed to another owner, or the call has ended: roll back, nothing
    /// of the effect may stay. Throws store_error(invalid_argument) when there is no transaction, or the request is no
    /// such record, and what SQLite makes of the statements.
    static void append_in(sqlite3* connection, const stores::append_request& finish);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace dedalus
