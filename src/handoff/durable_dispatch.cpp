// The part of a run in a store that tells the outside of calls whose results come from there.

#include "handoff/durable_state.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

constexpr std::chrono::milliseconds longest_pause_to_tell = std::chrono::hours(1);

bool outside_knows_nothing(const durable& r, const core::call_record& call)
{
    if (call.state != core::call_state::waiting || call.waits_for != wait_kind::external_result)
        return false;
    const tool_registry::entry* entry = r.input->tools->find(call.request.name);
    return entry != nullptr && entry->options.dispatch && call.attempts == 0;
}

}  // namespace

asio::awaitable<void> tell_outside(durable& r)  // borrowed: r
{
    std::vector<core::ready_call> calls;
    for (const call_key& key : r.m().open_keys()) {
        const core::call_record& record = r.m().call(key);
        if (!outside_knows_nothing(r, record) || r.told.contains(key))
            continue;
        core::ready_call& call = calls.emplace_back();
        call.key = key;
        call.name = record.request.name;
        call.arguments = core::request_to_run(record).arguments.value_or(boost::json::object());
    }
    if (calls.empty())
        co_return;
    co_await r.journal.hold_lease();
    for (core::ready_call& call : calls) {
        if (r.stop->asked_now())
            co_return;
        r.told.insert(call.key);
        tool_start what = start_of(r, std::move(call));
        what.task = tool_task::dispatch;
        r.tools.start(std::move(what));
    }
}

std::optional<std::chrono::milliseconds> pause_before_telling(durable& r)
{
    std::optional<std::chrono::milliseconds> pause;
    for (const stores::wait_record& wait : r.waits) {
        const call_key key = core::core_key(wait.key.call);
        if (std::ranges::count(r.m().open_keys(), key) == 0 || !outside_knows_nothing(r, r.m().call(key)))
            continue;
        // Grows with the time for which it has been tried in vain: each try is written to the log.
        const auto waited =
            std::chrono::duration_cast<std::chrono::milliseconds>(r.journal.now() - core::read_wait(wait.body).since);
        const std::chrono::milliseconds next = std::max(r.input->lease, std::min(waited / 4, longest_pause_to_tell));
        pause = std::min(pause.value_or(next), next);
    }
    return pause;
}

// The record of the start is written when the outside knows, so that nobody tells it again: until then it may be told
// twice, under the same key.
asio::awaitable<void> record_dispatch(durable& r, ended_call ended)  // borrowed: r
{
    if (ended.late || ended.end.outcome == tool_outcome::cancelled)
        co_return;
    if (ended.end.outcome != tool_outcome::ok) {
        r.note("dispatch_failed", "nobody could be told of the call " + ended.key.call_id + ": " + ended.end.text);
        co_return;
    }
    std::vector<stores::call_record> record;
    record.push_back(r.journal.record(ended.key, stores::call_record_kind::start, 1));
    co_await r.journal.append(std::move(record));
    r.m().tried(ended.key, 1, ended.entered, r.journal.fence());
}

}  // namespace dedalus::handoff_engine
