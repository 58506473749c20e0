#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/operations.hpp>
#include <dedalus/stores/records.hpp>
#include <dedalus/stores/store_error.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dedalus {

/// What a store can do beyond the base.
struct store_capabilities
{
    bool watch = false;    ///< run_store::watch()
    bool collect = false;  ///< run_store::set_ttl(), run_store::collect()
    bool blobs = false;    ///< run_store::put_blob(), run_store::put_named_blob(), run_store::get_blob()
    bool restore = false;  ///< run_store::restore()
};

/// Wake-ups of runs. They are hints: one may be lost or come without a reason, so look at list_resumable() from time
/// to time, too. One next() at a time. May outlive its store.
class DEDALUS_EXPORT run_watch
{
public:
    virtual ~run_watch();

    /// The id of a run that something was posted to; "" when so many came at once that they were not kept. Nothing when
    /// none came for `at_most`, or the store is gone. Cancellation: terminal.
    virtual boost::asio::awaitable<std::optional<std::string>> next(std::chrono::milliseconds at_most) = 0;
};

/// Keeps runs so that another process can go on with them. Write your own by deriving from it, and prove it with
/// testing/store_conformance.hpp.
///
/// Every operation is atomic and durable when it returns. Expected outcomes are returned; store_error is thrown for the
/// rest, with store_errc::invalid_argument for what exceeds the limits of records.hpp and for two call records in one
/// place: of the same call, kind and (but for finish) attempt. Times are those of the store's clock. `fenced` comes
/// before every other outcome.
///
/// Cancellation: an operation that has begun goes on to its end, because half of the callers could not know whether it
/// was done; each ends within a time limit of the store. A cancelled caller is told at its next co_await.
/// Thread safety: any thread, any number of operations at once. The store must live until the awaitables of its
/// operations have ended.
class DEDALUS_EXPORT run_store
{
public:
    virtual ~run_store();

    /// Makes the tables, or brings them to the version of this library; never back. Safe to call from several processes
    /// at once, and every time. Throws store_error(wrong_format) for a newer version.
    virtual boost::asio::awaitable<void> migrate() = 0;

    /// Version of the tables; 0 before migrate().
    virtual boost::asio::awaitable<int> schema_version() = 0;

    virtual boost::asio::awaitable<stores::create_outcome> create(stores::create_request request) = 0;

    /// A consistent snapshot. To go on with a run, acquire it first and load it then: only so it has all records of the
    /// former owner.
    virtual boost::asio::awaitable<stores::load_result> load(stores::load_request request) = 0;

    /// Takes a run that nobody has a live lease of. The fence grows with each success, also for the same owner.
    virtual boost::asio::awaitable<stores::acquire_result> acquire(stores::acquire_request request) = 0;

    /// A lease that has ended is renewed, too, as long as nobody else has taken the run.
    virtual boost::asio::awaitable<stores::renew_result> renew(stores::renew_request request) = 0;

    /// Ends the lease; the fence stays. Releasing twice is ok.
    virtual boost::asio::awaitable<stores::lease_outcome> release(stores::release_request request) = 0;

    /// Everything or nothing, if the run is at this fence and revision. The lease need not be live.
    virtual boost::asio::awaitable<stores::commit_result> commit(stores::commit_request request) = 0;

    /// Inserts call records if the run is at this fence. Appends of one run go on in parallel; after acquire() has
    /// returned, none of a former fence is inserted any more.
    virtual boost::asio::awaitable<stores::append_result> append_call(stores::append_request request) = 0;

    /// Puts a decision or an order into the inbox and wakes the run (wakeup_at is now). The first decision wins.
    virtual boost::asio::awaitable<stores::post_outcome> post(stores::post_request request) = 0;

    /// Keeps what came too late. The first one for a call and fence is kept, and `stored` is said of all.
    virtual boost::asio::awaitable<stores::late_outcome> put_late_result(stores::late_request request) = 0;

    /// Runs to go on with: not terminal, without a live lease, and not suspended, or with wakeup_at in the past or
    /// something in the inbox. Several workers may be told of the same run: acquire() decides.
    virtual boost::asio::awaitable<std::vector<std::string>> list_resumable(stores::run_filter filter) = 0;

    /// Page after page, a run that was there all the time and fits all the time comes exactly once.
    virtual boost::asio::awaitable<stores::list_page> list(stores::list_query query) = 0;

    /// Removes a run and all that belongs to it.
    virtual boost::asio::awaitable<stores::remove_outcome> remove(std::string run_id, bool must_be_terminal) = 0;

    /// Which of the operations below this store has; the others throw store_error(unsupported).
    virtual store_capabilities capabilities() const noexcept;

    /// Lets collect() remove the run, in whatever phase, when so much time has passed; none: not any more. False: no
    /// such run.
    virtual boost::asio::awaitable<bool> set_ttl(std::string run_id, std::optional<std::chrono::milliseconds> ttl);

    /// Removes old runs, never one with a live lease. Gives their number.
    virtual boost::asio::awaitable<std::size_t> collect(stores::collect_query query);

    /// Keeps bytes that belong to a run, once, and gives their name: their SHA-256 in lower-case hex. "": no such run.
    /// A load() from the beginning of the log gives them, too. handoff_loop puts large results here, before the record
    /// that names them.
    virtual boost::asio::awaitable<std::string> put_blob(std::string run_id, std::string bytes);

    /// Likewise, under a name of 64 lower-case hex digits that the caller has chosen; what has the name already stays.
    /// False: no such run. put_blob() keeps bytes by it; it is there for stores that change them before.
    virtual boost::asio::awaitable<bool> put_named_blob(std::string run_id, std::string name, std::string bytes);

    /// The bytes of this name; nothing if there are none.
    virtual boost::asio::awaitable<std::optional<std::string>> get_blob(std::string run_id, std::string name);

    /// Takes in a whole run of another store, if there is none of its id. A load() gives it as it came. Throws
    /// store_error(invalid_argument) for one that no store could have given: with a wrong checksum, a gap in its log,
    /// two records in one place, or a fence below that of a record.
    virtual boost::asio::awaitable<stores::create_outcome> restore(stores::restore_request request);

    /// Wake-ups of one run, or of all when `run_id` is empty, from now on.
    virtual boost::asio::awaitable<std::unique_ptr<run_watch>> watch(std::string run_id);

    /// The end of a call as append_in() of the database has to write it, past this object: as it is, unless this store
    /// changes what it keeps. tool_context::finish_record() asks. Throws store_error(invalid_argument) likewise.
    virtual stores::append_request for_append_in(stores::append_request finish) const;
};

}  // namespace dedalus
