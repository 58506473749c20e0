#include "handoff/run_journal.hpp"

#include <dedalus/stores/store_error.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;

namespace {

using std::chrono::milliseconds;

constexpr int margins_per_lease = 6;
constexpr int fewest_tries = 5;
constexpr milliseconds first_pause(40);
constexpr milliseconds longest_pause(1000);

// Repeated with the same op_id, such an operation is done once.
bool may_be_repeated(const store_error& failure)
{
    return failure.reason() == store_errc::unavailable || failure.reason() == store_errc::busy;
}

void seal(std::vector<stores::call_record>& records)
{
    for (stores::call_record& record : records)
        record.crc32c = stores::checksum(record);
}

}  // namespace

run_journal::run_journal(
    std::shared_ptr<run_store> store,
    std::string run_id,
    std::string owner,
    std::chrono::milliseconds ttl,
    run_clocks clocks
)
    : store_(std::move(store)), run_id_(std::move(run_id)), owner_(std::move(owner)), ttl_(ttl),
      clocks_(std::move(clocks))
{}

template <class Answer, class... Request>
asio::awaitable<Answer>
run_journal::ask(asio::awaitable<Answer> (run_store::*operation)(Request...), Request... request)
{
    const auto asked = clocks_.steady();
    Answer answer = co_await repeat(operation, std::move(request)...);
    spent_ += std::chrono::duration_cast<std::chrono::microseconds>(clocks_.steady() - asked);
    co_return answer;
}

// `operation` is called anew for each try, because an awaitable runs once. As long as the run is ours, what it has to
// say is worth waiting for a store that is away.
template <class Answer, class... Request>
asio::awaitable<Answer>
run_journal::repeat(asio::awaitable<Answer> (run_store::*operation)(Request...), Request... request)
{
    const auto begun = clocks_.steady();
    const auto patience = held_until_ - begun;
    milliseconds paused{};
    milliseconds next_pause = first_pause;
    for (int tries = 1;; ++tries) {
        try {
            asio::awaitable<Answer> asked = (*store_.*operation)(request...);
            Answer answer = co_await std::move(asked);
            co_return answer;
        }
        catch (const store_error& failure) {
            // A try may take its time, too.
            const bool too_long = paused >= patience || clocks_.steady() - begun >= patience;
            const bool enough = tries >= fewest_tries && (hurries_ || too_long);
            if (enough || !may_be_repeated(failure))
                throw;
        }
        asio::steady_timer pause(co_await asio::this_coro::executor, next_pause);
        co_await pause.async_wait(asio::use_awaitable);
        paused += next_pause;
        next_pause = std::min(2 * next_pause, longest_pause);
    }
}

asio::awaitable<stores::create_outcome>
run_journal::create(handoff_core::checkpoint_head head, handoff_core::new_entry input)
{
    stores::create_request request;
    request.run_id = run_id_;
    request.op_id = next_op();
    head.rev = 1;
    head.last_seq = 1;
    head.created_at = handoff_core::stored_time(clocks_.system());
    request.head = handoff_core::encode_head(head);
    stores::log_entry& entry = request.entries.emplace_back();
    entry.seq = 1;
    entry.at = handoff_core::stored_time(clocks_.system());
    entry.kind = std::move(input.kind);
    entry.body = std::move(input.body);
    entry.raw = std::move(input.raw);
    entry.crc32c = stores::checksum(entry);
    co_return co_await ask(&run_store::create, std::move(request));
}

asio::awaitable<stores::acquire_result> run_journal::acquire()
{
    stores::acquire_request request;
    request.run_id = run_id_;
    request.owner = owner_;
    request.ttl = ttl_;
    request.op_id = next_op();
    const auto asked = clocks_.steady();
    stores::acquire_result result = co_await ask(&run_store::acquire, std::move(request));
    if (result.outcome == stores::acquire_outcome::acquired) {
        fence_ = result.fence;
        hear_store_clock(result.until);
        held_until_ = asked + ttl_ - ttl_ / margins_per_lease;
    }
    co_return result;
}

asio::awaitable<std::optional<stores::stored_run>> run_journal::load()
{
    stores::load_request request;
    request.run_id = run_id_;
    stores::load_result result = co_await ask(&run_store::load, std::move(request));
    if (result.outcome == stores::load_outcome::not_found)
        co_return std::nullopt;
    if (result.outcome == stores::load_outcome::corrupt || result.run.entries.empty())
        throw store_error(store_errc::damaged, "the run is not whole in its store");
    loaded_head_ = handoff_core::read_checkpoint(result.run);
    created_at_ = loaded_head_.created_at ? *loaded_head_.created_at : result.run.created_at;
    rev_ = result.run.rev;
    last_seq_ = result.run.last_seq;
    for (const stores::log_entry& entry : result.run.entries) {
        if (handoff_core::is_answer(entry.kind))
            last_answer_ = logged_answer{entry.seq, handoff_core::tells_deferred(entry.body)};
    }
    co_return std::optional<stores::stored_run>(std::move(result.run));
}

// A commit changes the revision. Records of calls, which do not, come with every load.
asio::awaitable<bool> run_journal::reload(stores::stored_run& run /* borrowed */)
{
    stores::load_request request;
    request.run_id = run_id_;
    request.from_seq = run.last_seq + 1;
    stores::load_result now = co_await ask(&run_store::load, std::move(request));
    const bool same =
        now.outcome == stores::load_outcome::loaded && now.run.rev == run.rev && now.run.calls == run.calls;
    if (same) {
        now.run.entries = std::move(run.entries);
        now.run.blobs = std::move(run.blobs);
        run = std::move(now.run);
        co_return false;
    }
    std::optional<stores::stored_run> all = co_await load();
    if (!all)
        throw store_error(store_errc::damaged, "the run is gone");
    run = *std::move(all);
    co_return true;
}

asio::awaitable<stores::stored_run> run_journal::load_outside()
{
    stores::load_request request;
    request.run_id = run_id_;
    request.from_seq = last_seq_ + 1;
    stores::load_result result = co_await ask(&run_store::load, std::move(request));
    if (result.outcome == stores::load_outcome::not_found || result.run.fence != fence_)
        throw run_lost{};
    co_return std::move(result.run);
}

asio::awaitable<void> run_journal::commit(journal_commit what)
{
    stores::commit_request request;
    request.run_id = run_id_;
    request.fence = fence_;
    request.expected_rev = rev_;
    request.op_id = next_op();
    const std::optional<logged_answer> answer = last_answer(what.entries);
    std::int64_t seq = last_seq_;
    for (handoff_core::new_entry& each : what.entries) {
        stores::log_entry& entry = request.entries.emplace_back();
        entry.seq = ++seq;
        entry.at = handoff_core::stored_time(clocks_.system());
        entry.fence = fence_;
        entry.turn = each.turn;
        entry.kind = std::move(each.kind);
        entry.body = std::move(each.body);
        entry.raw = std::move(each.raw);
        entry.crc32c = stores::checksum(entry);
    }
    what.head.rev = rev_ + 1;
    what.head.last_seq = seq;
    what.head.created_at = created_at_;
    what.head.updated_at = handoff_core::stored_time(clocks_.system());
    request.head = handoff_core::encode_head(what.head);
    request.calls = std::move(what.calls);
    seal(request.calls);
    request.waits = std::move(what.waits);
    request.closed_waits = std::move(what.closed_waits);
    request.consumed_inbox = std::move(what.consumed_inbox);
    const stores::commit_result result = co_await ask(&run_store::commit, std::move(request));
    if (result.outcome == stores::commit_outcome::fenced)
        throw run_lost{};
    if (result.outcome == stores::commit_outcome::conflict)
        throw run_changed{};
    ++rev_;
    last_seq_ = seq;
    last_answer_ = answer;
}

asio::awaitable<std::vector<stores::call_record>> run_journal::append(std::vector<stores::call_record> records)
{
    stores::append_request request;
    request.run_id = run_id_;
    request.fence = fence_;
    request.records = std::move(records);
    seal(request.records);
    request.op_id = next_op();
    stores::append_result result = co_await ask(&run_store::append_call, std::move(request));
    if (result.outcome == stores::append_outcome::fenced)
        throw run_lost{};
    co_return std::move(result.existing);
}

asio::awaitable<void> run_journal::put_blob(std::string bytes)
{
    const std::string name = co_await ask(&run_store::put_blob, run_id_, std::move(bytes));
    if (name.empty())
        throw run_lost{};
}

asio::awaitable<void> run_journal::hold_lease()
{
    // One that was asked for longer ago than it lasts is over already.
    for (int tries = 0; clocks_.steady() >= held_until_; ++tries) {
        if (tries == fewest_tries)
            throw store_error(store_errc::unavailable, "to renew the lease takes longer than it lasts");
        co_await renew();
    }
}

asio::awaitable<void> run_journal::renew()
{
    stores::renew_request request;
    request.run_id = run_id_;
    request.fence = fence_;
    request.ttl = ttl_;
    const auto asked = clocks_.steady();
    const stores::renew_result result = co_await ask(&run_store::renew, std::move(request));
    if (result.outcome == stores::lease_outcome::lost)
        throw run_lost{};
    hear_store_clock(result.until);
    held_until_ = asked + ttl_ - ttl_ / margins_per_lease;
}

asio::awaitable<void> run_journal::put_late(stores::late_result late)
{
    stores::late_request request;
    request.run_id = run_id_;
    request.result = std::move(late);
    request.result.fence = fence_;
    co_await ask(&run_store::put_late_result, std::move(request));
}

asio::awaitable<void> run_journal::release()
{
    stores::release_request request;
    request.run_id = run_id_;
    request.fence = fence_;
    co_await ask(&run_store::release, std::move(request));
}

stores::call_record
run_journal::record(const handoff_core::call_key& key, stores::call_record_kind kind, int attempt) const
{
    stores::call_record result;
    result.key = handoff_core::stored_key(key);
    result.kind = kind;
    result.attempt = attempt;
    result.fence = fence_;
    result.at = handoff_core::stored_time(clocks_.system());
    return result;
}

std::optional<logged_answer> run_journal::last_answer(const std::vector<handoff_core::new_entry>& added) const
{
    std::optional<logged_answer> answer = last_answer_;
    std::int64_t seq = last_seq_;
    for (const handoff_core::new_entry& entry : added) {
        ++seq;
        if (handoff_core::is_answer(entry.kind))
            answer = logged_answer{seq, handoff_core::tells_deferred(entry.body)};
    }
    return answer;
}

handoff_core::time_point run_journal::store_now() const
{
    if (!store_time_)
        return clocks_.system();
    return store_time_->shown + (clocks_.steady() - store_time_->heard);
}

void run_journal::hear_store_clock(stores::time_point until)
{
    store_time_ = store_time{until - ttl_, clocks_.steady()};
}

std::string run_journal::next_op()
{
    return owner_ + '/' + std::to_string(++ops_);
}

}  // namespace dedalus::handoff_engine
