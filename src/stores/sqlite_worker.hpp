#pragma once

#include "stores/sqlite_database.hpp"
#include "stores/sqlite_tables.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace dedalus::stores {

/// One operation on its way through the worker.
class sqlite_job
{
public:
    explicit sqlite_job(bool writes) : writes_(writes) {}

    virtual ~sqlite_job() = default;

    sqlite_job(const sqlite_job&) = delete;
    sqlite_job& operator=(const sqlite_job&) = delete;

    bool writes() const noexcept { return writes_; }

    /// Does it, inside a transaction.
    virtual void run(sqlite_tables& tables, time_point now) = 0;

    /// It has failed, perhaps after it was run.
    virtual void fail(std::exception_ptr failure) noexcept = 0;

    /// Tells the caller, on the executor of the caller.
    virtual void complete() = 0;

private:
    bool writes_;
};

/// The thread that works on a database: one operation after the other, those that write and are queued at the same
/// time in one transaction.
class sqlite_worker
{
public:
    explicit sqlite_worker(std::unique_ptr<sqlite_database> database);

    /// Does what is queued, and ends the thread.
    ~sqlite_worker();

    sqlite_worker(const sqlite_worker&) = delete;
    sqlite_worker& operator=(const sqlite_worker&) = delete;

    /// A full queue fails the job at once.
    void submit(std::unique_ptr<sqlite_job> job);

private:
    using batch = std::vector<std::unique_ptr<sqlite_job>>;

    void work();
    batch next_batch();
    void run_batch(batch& jobs);
    void run_one(sqlite_job& job, time_point now, bool alone);
    void roll_back() noexcept;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<sqlite_job>> queue_;
    bool stopped_ = false;
    bool written_ = false;  // since the last checkpoint; of the thread alone
    std::unique_ptr<sqlite_database> database_;
    sqlite_tables tables_;
    std::thread thread_;
};

}  // namespace dedalus::stores
