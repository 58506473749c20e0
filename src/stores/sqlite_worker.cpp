#include "stores/sqlite_worker.hpp"

#include <dedalus/stores/store_error.hpp>

#include <chrono>
#include <utility>

namespace dedalus::stores {

namespace {

constexpr std::size_t max_queued = 10000;
constexpr std::size_t max_batch = 64;
constexpr std::chrono::seconds idle_before_checkpoint(1);

time_point now()
{
    return std::chrono::time_point_cast<time_point::duration>(std::chrono::system_clock::now());
}

}  // namespace

sqlite_worker::sqlite_worker(std::unique_ptr<sqlite_database> database)
    : database_(std::move(database)), tables_(*database_), thread_([this] { work(); })
{}

sqlite_worker::~sqlite_worker()
{
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void sqlite_worker::submit(std::unique_ptr<sqlite_job> job)
{
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() < max_queued) {
            queue_.push_back(std::move(job));
            // Under the lock: once the job is done, its caller may destroy the store.
            changed_.notify_one();
            return;
        }
    }
    job->fail(std::make_exception_ptr(store_error(store_errc::busy, "too many operations are queued")));
    job->complete();
}

void sqlite_worker::work()
{
    for (batch jobs = next_batch(); !jobs.empty(); jobs = next_batch()) {
        run_batch(jobs);
        for (const auto& job : jobs)
            job->complete();
    }
}

// Waits for work. Nothing: the store is going. Reads are batches of their own.
sqlite_worker::batch sqlite_worker::next_batch()
{
    batch jobs;
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return stopped_ || !queue_.empty(); };
    if (written_ && !changed_.wait_for(lock, idle_before_checkpoint, ready)) {
        lock.unlock();
        database_->checkpoint();
        written_ = false;
        lock.lock();
    }
    changed_.wait(lock, ready);
    while (!queue_.empty() && jobs.size() < max_batch &&
           (jobs.empty() || (jobs.front()->writes() && queue_.front()->writes())))
    {
        jobs.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return jobs;
}

void sqlite_worker::run_batch(batch& jobs)
{
    const bool writes = jobs.front()->writes();
    try {
        // A transaction that begins by reading would fail at its first write if another process had written meanwhile.
        database_->execute(writes ? "BEGIN IMMEDIATE" : "BEGIN");
        const time_point time = now();
        for (const auto& job : jobs)
            run_one(*job, time, jobs.size() == 1);
        database_->execute("COMMIT");
        written_ = written_ || writes;
    }
    catch (...) {
        roll_back();
        for (const auto& job : jobs)
            job->fail(std::current_exception());
    }
}

// What one operation throws is no concern of the others in its transaction.
void sqlite_worker::run_one(sqlite_job& job, time_point time, bool alone)
{
    if (alone) {
        job.run(tables_, time);
        return;
    }
    database_->execute("SAVEPOINT one");
    try {
        job.run(tables_, time);
    }
    catch (...) {
        // Some errors (a full disk) have ended the transaction: those fail the batch.
        if (!database_->in_transaction())
            throw;
        database_->execute("ROLLBACK TO one");
        job.fail(std::current_exception());
    }
    database_->execute("RELEASE one");
}

void sqlite_worker::roll_back() noexcept
{
    try {
        if (database_->in_transaction())
            database_->execute("ROLLBACK");
    }
    catch (const store_error&) {
        // The next BEGIN fails, and tells.
    }
}

}  // namespace dedalus::stores
