#pragma once

#include <dedalus/handoff/run_phase.hpp>
#include <dedalus/stores/run_store.hpp>

#include "handoff/checkpoint_head.hpp"
#include "handoff/run_records.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dedalus::handoff_engine {

/// The times a journal looks at.
struct run_clocks
{
    std::function<std::chrono::steady_clock::time_point()> steady{};  ///< for the lease
    std::function<std::chrono::system_clock::time_point()> system{};  ///< what is written
};

/// Another owner has the run, or has had it: this one stops at once, and writes nothing more.
struct run_lost
{};

/// Somebody else wrote into the run what only its owner's next step may answer: load it again.
struct run_changed
{};

/// The last answer in the log.
struct logged_answer
{
    std::int64_t seq = 0;
    bool has_deferred = false;  ///< its entry says where its deferred calls stand
};

/// One commit.
struct journal_commit
{
    handoff_core::checkpoint_head head{};  ///< the journal sets revision, length of the log, and times
    std::vector<handoff_core::new_entry> entries{};
    std::vector<stores::call_record> calls{};
    std::vector<stores::wait_record> waits{};
    std::vector<stores::wait_key> closed_waits{};
    std::vector<std::string> consumed_inbox{};
};

/// One run as its owner writes it: knows fence, revision and lease, and gives each write its place. A write whose
/// answer is lost, or that finds the store away, is repeated: as long as the lease lasts, and five times at least.
/// Writes go on when their caller is cancelled; their callers are not to be cancelled at
/// all. To be used on one strand.
class run_journal
{
public:
    /// @param owner  differs between processes and runs
    /// @param ttl    of the lease
    run_journal(
        std::shared_ptr<run_store> store,
        std::string run_id,
        std::string owner,
        std::chrono::milliseconds ttl,
        run_clocks clocks
    );

    /// Throws store_error, as everything here.
    boost::asio::awaitable<stores::create_outcome>
    create(handoff_core::checkpoint_head head, handoff_core::new_entry input);

    /// Takes the run.
    boost::asio::awaitable<stores::acquire_result> acquire();

    /// All of it; nothing when it is not there. Throws store_error(damaged) when it is not whole.
    boost::asio::awaitable<std::optional<stores::stored_run>> load();

    /// Brings a run up to date that was loaded before. Its log comes again only when somebody has worked on the run
    /// since: then true. Throws store_error(damaged) when it is gone, or not whole.
    boost::asio::awaitable<bool> reload(stores::stored_run& run /* borrowed */);

    /// What others have written: inbox and late results, but not the log. Throws run_lost.
    boost::asio::awaitable<stores::stored_run> load_outside();

    /// Throws run_lost and run_changed.
    boost::asio::awaitable<void> commit(journal_commit what);

    /// Adds a record of a call, or the starts of several. Gives the one that is there already, if so. Throws run_lost.
    boost::asio::awaitable<std::vector<stores::call_record>> append(std::vector<stores::call_record> records);

    /// Keeps what records are about to name. Throws run_lost.
    boost::asio::awaitable<void> put_blob(std::string bytes);

    /// Whether the store has blobs.
    bool has_blobs() const noexcept { return store_->capabilities().blobs; }

    /// To be awaited before anything outside is begun: whether the run is still ours for some time. Asks the store when
    /// the lease would have ended by our own clock, again if that takes longer than a lease. Throws run_lost.
    boost::asio::awaitable<void> hold_lease();

    /// Throws run_lost.
    boost::asio::awaitable<void> renew();

    /// What a tool gave after the run was lost.
    boost::asio::awaitable<void> put_late(stores::late_result result);

    /// Ends the lease.
    boost::asio::awaitable<void> release();

    /// From now on a store that is away is not waited for any longer than five tries take.
    void hurry() noexcept { hurries_ = true; }

    stores::call_record record(const handoff_core::call_key& key, stores::call_record_kind kind, int attempt) const;

    /// The last answer, when these entries are in the log, too.
    std::optional<logged_answer> last_answer(const std::vector<handoff_core::new_entry>& added) const;

    /// The head as it was loaded.
    const handoff_core::checkpoint_head& loaded_head() const noexcept { return loaded_head_; }

    const std::string& run_id() const noexcept { return run_id_; }

    std::int64_t fence() const noexcept { return fence_; }

    std::int64_t revision() const noexcept { return rev_; }

    handoff_core::time_point now() const { return clocks_.system(); }

    /// Spent waiting for the store; operations side by side are counted each.
    std::chrono::microseconds spent() const noexcept { return spent_; }

    /// By the store's clock, which decides on what is over: as the answer to the last acquire() or renew() told it, and
    /// never ahead of it. Before that, by ours.
    handoff_core::time_point store_now() const;

private:
    template <class Answer, class... Request>
    boost::asio::awaitable<Answer>
    ask(boost::asio::awaitable<Answer> (run_store::*operation)(Request...), Request... request);

    template <class Answer, class... Request>
    boost::asio::awaitable<Answer>
    repeat(boost::asio::awaitable<Answer> (run_store::*operation)(Request...), Request... request);

    void hear_store_clock(stores::time_point until);
    std::string next_op();

    std::shared_ptr<run_store> store_;
    std::string run_id_;
    std::string owner_;
    std::chrono::milliseconds ttl_;
    run_clocks clocks_;
    std::int64_t ops_ = 0;
    std::int64_t fence_ = 0;
    std::int64_t rev_ = 0;
    std::int64_t last_seq_ = 0;
    std::optional<logged_answer> last_answer_{};
    std::optional<stores::time_point> created_at_{};
    handoff_core::checkpoint_head loaded_head_{};
    std::chrono::steady_clock::time_point held_until_{};
    bool hurries_ = false;
    std::chrono::microseconds spent_{};

    /// What the store's clock showed, and when: by the clock that nobody sets.
    struct store_time
    {
        stores::time_point shown{};
        std::chrono::steady_clock::time_point heard{};
    };

    std::optional<store_time> store_time_{};
};

}  // namespace dedalus::handoff_engine
