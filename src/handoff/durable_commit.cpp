// The part of a run in a store that writes.

#include "handoff/durable_head.hpp"
#include "handoff/durable_state.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

asio::awaitable<void> write_blobs(durable& r)  // borrowed: r
{
    while (!r.blobs.empty()) {
        std::string bytes = r.blobs.begin()->second;
        co_await r.journal.put_blob(std::move(bytes));
        r.blobs.erase(r.blobs.begin());
    }
}

void demand_all(core::checkpoint_head& head, const std::set<std::string_view>& demands)
{
    for (const std::string_view what : demands)
        core::demand(head, what);
}

// What is too long for it becomes a blob.
std::string stored_end(durable& r, const std::string& tool, const tool_end& end, time_point entered)
{
    if (end.outcome == tool_outcome::ok && is_unstored(r, tool)) {
        r.demands.insert(core::demand_of_unstored);
        return core::unstored_body(end, entered);
    }
    if (!r.journal.has_blobs())
        return core::finish_body(end, entered);
    const std::size_t before = r.blobs.size();
    std::string body = core::finish_body(end, entered, {r.input->most_inline_bytes, r.blobs});
    if (r.blobs.size() > before)
        r.demands.insert(core::demand_of_blobs);
    return body;
}

}  // namespace

asio::awaitable<void> announce(durable& r)  // borrowed: r
{
    const bool told =
        std::ranges::all_of(r.demands, [&r](std::string_view what) { return core::demands(r.head, what); });
    if (!told) {
        journal_commit only_the_head;
        co_return co_await commit(r, std::move(only_the_head));
    }
    co_await write_blobs(r);
    r.demands.clear();
}

asio::awaitable<void> commit(durable& r, journal_commit what)  // borrowed: r
{
    // What a commit that fails does not write goes with the next one.
    const std::size_t noted = r.notes.size();
    what.entries.insert(what.entries.begin(), r.notes.begin(), r.notes.end());
    std::ranges::move(r.m().take_not_run(), std::back_inserter(r.not_run));
    for (const call_key& key : r.not_run) {
        const auto known = r.facts.find(key);
        if (known != r.facts.end() && known->second.finished)
            continue;  // a former owner wrote it
        const core::call_record& call = r.m().call(key);
        what.calls.push_back(finish_record(r, key, call.end, call.finished));
    }
    if (what.head.phase != run_phase::suspended)
        what.head.phase = phase_of(r.m());
    if (r.m().ended())
        what.entries.push_back(core::end_entry(r.m().turn(), what.head.phase, r.m().report().reason()));
    describe(r, what);
    demand_all(what.head, r.demands);
    co_await write_blobs(r);
    co_await r.journal.commit(std::move(what));
    demand_all(r.head, r.demands);
    r.demands.clear();
    r.notes.erase(r.notes.begin(), r.notes.begin() + static_cast<std::ptrdiff_t>(noted));
    r.not_run.clear();
    r.tell();
}

asio::awaitable<void> suspend(durable& r, stop_reason reason)  // borrowed: r
{
    journal_commit what;
    co_await suspend(r, reason, std::move(what));
}

asio::awaitable<void> suspend(durable& r, stop_reason reason, journal_commit what)  // borrowed: r
{
    r.m().suspend(reason);
    what.head.phase = run_phase::suspended;
    if (!r.notes.empty() || !what.entries.empty() || !is_told(r, reason))
        what.entries.push_back(core::suspended_entry(r.m().turn(), reason));
    co_await commit(r, std::move(what));
}

asio::awaitable<void> end_run(durable& r, run_phase phase, stop_reason reason, journal_commit what)  // borrowed: r
{
    if (r.m().sending()) {
        what.entries.push_back(core::lost_entry(r.m().sent().turn, "process"));
        r.m().on_unknown_outcome();
    }
    r.m().stop(reason, r.journal.now(), phase);
    co_await commit(r, std::move(what));
}

asio::awaitable<void> stop_run(durable& r)  // borrowed: r
{
    if (r.cancelled_by.empty()) {
        co_await suspend(r, stop_reason::stopped);
        co_return;
    }
    journal_commit what;
    what.consumed_inbox.push_back(r.cancelled_by);
    co_await end_run(r, run_phase::cancelled, stop_reason::cancelled, std::move(what));
}

stores::call_record finish_record(durable& r, const call_key& key, const tool_end& end, time_point entered)
{
    const int attempt = std::max(1, r.m().call(key).attempts);
    stores::call_record record = r.journal.record(key, stores::call_record_kind::finish, attempt);
    record.body = stored_end(r, r.m().call(key).request.name, end, entered);
    return record;
}

}  // namespace dedalus::handoff_engine
