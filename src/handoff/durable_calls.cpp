// The part of a run in a store that runs the calls of a turn.

#include <dedalus/error.hpp>

#include "handoff/durable_state.hpp"
#include "handoff/finish_request.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

// The attempt has done nothing.
asio::awaitable<void> record_abandon(durable& r, call_key key, int attempt)  // borrowed: r
{
    std::vector<stores::call_record> record;
    record.push_back(r.journal.record(key, stores::call_record_kind::abandon, attempt));
    co_await r.journal.append(std::move(record));
}

std::optional<time_point> deadline_of(const durable& r, const core::ready_call& call)
{
    const std::chrono::milliseconds timeout = options_of(r, call.name)->timeout;
    if (timeout > core::longest_limit)
        return {};
    return r.journal.now() + timeout;
}

// The starts are in the store before the first instruction of a tool, and the run is still ours then.
asio::awaitable<void> start_calls(durable& r, std::vector<core::ready_call> calls)  // borrowed: r
{
    if (calls.empty())
        co_return;
    std::vector<stores::call_record> starts;
    for (const core::ready_call& call : calls) {
        starts.push_back(r.journal.record(call.key, stores::call_record_kind::start, call.attempt));
        starts.back().body = core::start_body(deadline_of(r, call));
    }
    co_await r.journal.append(std::move(starts));
    co_await r.journal.hold_lease();
    if (!r.stop->asked_now()) {
        r.tell();
        start_or_adopt(r.tools, r.m(), std::move(calls), describe_by(r));
        co_return;
    }
    for (const core::ready_call& call : calls) {
        co_await record_abandon(r, call.key, call.attempt);
        r.m().tried(call.key, call.attempt, r.journal.now(), r.journal.fence(), false);
    }
}

asio::awaitable<void> start_ready(durable& r)  // borrowed: r
{
    waiting_calls waits;
    std::vector<core::ready_call> starts;
    for (core::ready_call& call : r.m().start_ready(r.journal.now())) {
        if (call.waits_for)
            waits.emplace_back(call.key, *call.waits_for);
        else
            starts.push_back(std::move(call));
    }
    if (!waits.empty())
        co_await write_waits(r, std::move(waits));
    co_await start_calls(r, std::move(starts));
}

asio::awaitable<void> record_end(durable& r, ended_call ended)  // borrowed: r
{
    if (ended.task == tool_task::dispatch)
        co_return co_await record_dispatch(r, std::move(ended));
    if (ended.late) {
        r.note("late_result", "the call " + ended.key.call_id + " gave a result after it had ended");
        co_return;
    }
    if (r.m().call(ended.key).state == core::call_state::finished)
        co_return;  // somebody cancelled it
    if (ended.again) {
        std::vector<core::ready_call> again;
        again.push_back(r.m().start_again(ended.key, r.journal.now()));
        co_await start_calls(r, std::move(again));
        co_return;
    }
    // What was cancelled because the run stops is judged when somebody goes on with it.
    if (ended.end.outcome == tool_outcome::cancelled) {
        if (ended.end.nothing_happened) {
            const int attempt = r.m().call(ended.key).attempts;
            co_await record_abandon(r, ended.key, attempt);
            r.m().tried(ended.key, attempt, ended.entered, r.journal.fence(), false);
        }
        co_return;
    }
    const std::string& name = r.m().call(ended.key).request.name;
    if (ended.end.outcome == tool_outcome::ok && effect_of(r, name) == tool_effect::external) {
        waiting_calls calls;
        calls.emplace_back(ended.key, wait_kind::external_result);
        co_await write_waits(r, std::move(calls));
        co_return;
    }
    co_await record_finish(r, ended.key, std::move(ended.end), ended.entered);
}

// One that cannot be recorded, because the run was lost, is kept for put_late_results().
asio::awaitable<void> record_ended(durable& r)  // borrowed: r
{
    for (ended_call& ended : r.tools.take_ended(std::chrono::steady_clock::now()))
        r.ended.push_back(std::move(ended));
    while (!r.ended.empty()) {
        ended_call next = r.ended.front();
        co_await record_end(r, std::move(next));
        r.ended.pop_front();
    }
}

// Those that go on after the grace of their cancellation are awaited when the run is no longer ours.
asio::awaitable<void> end_tools(durable& r)  // borrowed: r
{
    co_await record_ended(r);
    while (r.tools.any_open()) {
        co_await r.tools.wait();
        co_await record_ended(r);
    }
}

stop_reason reason_to_wait(durable& r)
{
    stop_reason reason = stop_reason::external_result;
    for (const call_key& key : r.m().open_keys()) {
        const core::call_record& call = r.m().call(key);
        if (call.state != core::call_state::waiting)
            continue;
        if (call.waits_for == wait_kind::unknown_outcome)
            return stop_reason::unknown_tool_outcome;
        if (call.waits_for == wait_kind::approval)
            reason = stop_reason::approval;
    }
    return reason;
}

void wake_at(core::checkpoint_head& head, stores::time_point when)
{
    head.wakeup_at = head.wakeup_at ? std::min(*head.wakeup_at, when) : when;
}

asio::awaitable<void> suspend_waiting(durable& r)  // borrowed: r
{
    journal_commit what;
    for (const stores::wait_record& wait : r.waits) {
        if (wait.expires_at)
            wake_at(what.head, *wait.expires_at);
    }
    if (const std::optional<std::chrono::milliseconds> pause = pause_before_telling(r))
        wake_at(what.head, core::stored_time(r.journal.store_now() + *pause));
    const stop_reason reason = reason_to_wait(r);
    co_await suspend(r, reason, std::move(what));
}

// For any thread: it shares nothing with the run.
std::function<stores::append_request(boost::json::value)> finish_of(const durable& r, const core::ready_call& call)
{
    core::finish_facts facts;
    facts.run_id = r.input->run_id;
    facts.key = call.key;
    facts.attempt = call.attempt;
    facts.fence = r.journal.fence();
    facts.max_bytes = r.definition.max_result_bytes;
    facts.entered = r.journal.now();
    tool_end noted;
    r.texts.apply(r.machine->call(call.key), noted);
    facts.note = std::move(noted.note);
    return [facts = std::move(facts), now = r.input->clocks.system, store = r.input->store](boost::json::value result) {
        return store->for_append_in(core::finish_request(facts, std::move(result), now()));
    };
}

}  // namespace

const tool_options* options_of(const durable& r, const std::string& name)
{
    const tool_registry::entry* entry = r.input->tools->find(name);
    return entry == nullptr ? nullptr : &entry->options;
}

bool runs_again(tool_effect effect)
{
    return effect != tool_effect::once && effect != tool_effect::probe;
}

asio::awaitable<void> record_finish(durable& r, call_key key, tool_end end, time_point entered)  // borrowed: r
{
    std::vector<stores::call_record> records;
    r.describe(key, end);
    records.push_back(finish_record(r, key, end, entered));
    const time_point at = records.front().at;
    co_await announce(r);
    const std::vector<stores::call_record> existing = co_await r.journal.append(std::move(records));
    if (existing.empty()) {
        r.m().finish(key, std::move(end), entered, at);
        r.tell();
        co_return;
    }
    // Only a transactional tool can have been faster, and such records have no blobs.
    const core::facts_by_call facts = core::read_calls(existing, {});
    const core::finished_call& first = *facts.at(key).finished;
    r.m().finish(key, first.end, first.entered, first.finished);
}

tool_effect effect_of(const durable& r, const std::string& name)
{
    const tool_options* options = options_of(r, name);
    const tool_effect now = options == nullptr ? tool_effect::once : options->effect;
    for (const auto& [known, then] : r.definition.tools) {
        if (known == name && !runs_again(then) && runs_again(now))
            return then;
    }
    return now;
}

tool_start start_of(durable& r, core::ready_call call)
{
    tool_start what;
    what.call = std::move(call);
    what.tools = r.input->tools;
    what.run_id = r.input->run_id;
    what.max_result_bytes = r.definition.max_result_bytes;
    what.effect = effect_of(r, what.call.name);
    what.fence = r.journal.fence();
    // A call that starts early is not known to the run yet, and is of a tool that has nothing to write.
    if (what.effect != tool_effect::pure)
        what.finish_record = finish_of(r, what.call);
    what.redact = r.texts.redact;
    what.resolve = r.input->resolve_arguments;
    what.log = r.input->log;
    what.on_progress = r.teller.on_progress();
    return what;
}

early_starts::describe_start describe_by(durable& r)
{
    return [&r](core::ready_call call) { return start_of(r, std::move(call)); };
}

asio::awaitable<bool> run_calls(durable& r)  // borrowed: r
{
    if (lacks_tools(r) && !r.stop->asked_now()) {
        journal_commit what;  // others may have the tool: they find the run on their list
        what.head.wakeup_at = core::stored_time(r.journal.store_now() + r.input->lease);
        co_await suspend(r, stop_reason::toolset_changed, std::move(what));
        co_return false;
    }
    while (r.m().calls_open()) {
        if (r.stop->asked_now()) {
            co_await end_tools(r);
            co_await stop_run(r);
            co_return false;
        }
        if (std::exchange(r.inbox_seen, false)) {
            co_await take_decisions(r);
            continue;
        }
        co_await start_ready(r);
        co_await tell_outside(r);
        if (r.tools.any_open()) {
            co_await r.tools.wait();
            co_await record_ended(r);
            continue;
        }
        if (!r.m().calls_open() || r.stop->asked_now())
            continue;
        const bool decided = co_await take_decisions(r);
        if (r.m().ended())
            co_return false;
        if (decided)
            continue;
        co_await suspend_waiting(r);
        co_return false;
    }
    co_return !r.m().ended();
}

}  // namespace dedalus::handoff_engine
