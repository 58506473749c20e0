// The part of a run in a store that decides on calls which a former owner has started.

#include <dedalus/stores/store_error.hpp>

#include "handoff/durable_state.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <utility>
#include <vector>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

// Under the limits of the tool: a probe asks the same world.
asio::awaitable<probe_answer> ask_probe(durable& r, call_key key)  // borrowed: r
{
    core::ready_call call;
    call.key = key;
    call.name = r.m().call(key).request.name;
    tool_start what = start_of(r, std::move(call));
    what.task = tool_task::probe;
    r.tools.start(std::move(what));
    while (r.tools.any_open()) {
        co_await r.tools.wait();
        for (ended_call& ended : r.tools.take_ended(std::chrono::steady_clock::now())) {
            if (ended.asked)
                co_return *std::move(ended.asked);
        }
    }
    co_return probe_answer();
}

// False: the run has ended.
asio::awaitable<bool> take_unknown(durable& r, call_key key)  // borrowed: r
{
    switch (r.input->on_unknown_outcome) {
    case unknown_outcome_policy::tell_model:
        r.note("unknown_outcome", "the call " + key.call_id + " was started and never seen to end");
        co_await record_finish(r, key, core::unknown_outcome_end(), r.journal.now());
        co_return true;
    case unknown_outcome_policy::fail_run: {
        journal_commit nothing;  // but the end
        co_await end_run(r, run_phase::failed, stop_reason::unknown_tool_outcome, std::move(nothing));
        co_return false;
    }
    case unknown_outcome_policy::suspend:
        break;
    }
    waiting_calls calls;
    calls.emplace_back(key, wait_kind::unknown_outcome);
    co_await write_waits(r, std::move(calls));
    co_return true;
}

// A former owner that was only slow has the time of a lease, for all of its calls, to say what its tools gave.
asio::awaitable<std::optional<core::finished_call>> late_result_of(durable& r, call_key key)  // borrowed: r
{
    constexpr int looks_per_lease = 10;
    std::optional<core::finished_call> known = adoptable(r, key);
    const bool decides = r.input->on_unknown_outcome != unknown_outcome_policy::suspend;
    if (!r.input->wait_for_late_results || !decides)
        co_return known;
    while (!known && r.late_looks < looks_per_lease && !r.stop->asked_now()) {
        ++r.late_looks;
        r.pause.expires_after(r.input->lease / looks_per_lease);
        boost::system::error_code ignored;  // ended by run_stop: the caller looks
        co_await r.pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        stores::stored_run outside = co_await r.journal.load_outside();
        r.late = std::move(outside.late);
        known = adoptable(r, key);
    }
    co_return known;
}

// One that was never started was checked by the tool that its process had, which may have been another version.
asio::awaitable<bool> refuse_unfit(durable& r, call_key key)  // borrowed: r
{
    const core::call_record& call = r.m().call(key);
    if (call.state != core::call_state::planned || call.attempts > 0)
        co_return false;
    const std::string problem = unfit_arguments(r, call);
    if (problem.empty())
        co_return false;
    co_await record_finish(r, key, core::unfit_arguments_end(problem), r.journal.now());
    co_return true;
}

asio::awaitable<bool> judge_call(durable& r, call_key key)  // borrowed: r
{
    const tool_effect effect = effect_of(r, r.m().call(key).request.name);
    if (runs_again(effect))
        co_return true;
    std::optional<core::finished_call> known = co_await late_result_of(r, key);
    if (known) {
        r.note("late_result", "the call " + key.call_id + " gave a result after its process had lost the run");
        co_await record_finish(r, key, std::move(known->end), known->entered);
        co_return true;
    }
    if (r.stop->asked_now())
        co_return true;  // who goes on judges it
    if (effect == tool_effect::probe && options_of(r, r.m().call(key).request.name)->probe) {
        probe_answer answer = co_await ask_probe(r, key);
        if (answer.result) {
            tool_end end = core::result_end(*std::move(answer.result), r.definition.max_result_bytes);
            co_await record_finish(r, key, std::move(end), r.journal.now());
            co_return true;
        }
        if (answer.known)
            co_return true;  // it did not happen
    }
    if (r.stop->asked_now())
        co_return true;  // who was stopped while asking asks again next time
    co_return co_await take_unknown(r, key);
}

}  // namespace

std::optional<core::finished_call> adoptable(const durable& r, const call_key& key)
{
    const auto facts = r.facts.find(key);
    if (facts == r.facts.end())
        return {};
    for (const stores::late_result& late : r.late) {
        if (core::core_key(late.key) != key || late.fence != facts->second.fence)
            continue;
        try {
            core::finished_call known = core::read_finish_body(late.body);
            if (known.end.outcome == tool_outcome::ok || known.end.outcome == tool_outcome::error)
                return known;
        }
        catch (const store_error&) {
            continue;  // nobody vouches for what stands there
        }
    }
    return {};
}

std::string unfit_arguments(const durable& r, const core::call_record& call)
{
    const tool_registry::entry* entry = r.input->tools->find(call.request.name);
    const core::requested_call request = core::request_to_run(call);
    if (entry == nullptr || !entry->check || !request.arguments)
        return {};
    return entry->check(*request.arguments);
}

asio::awaitable<bool> judge_started(durable& r)  // borrowed: r
{
    if (!r.m().calls_open() || lacks_tools(r) || r.stop->asked_now())
        co_return true;
    const std::vector<call_key> keys = r.m().open_keys();
    for (const call_key& key : keys) {
        const bool refused = co_await refuse_unfit(r, key);
        const auto facts = r.facts.find(key);
        const bool started = !refused && facts != r.facts.end() && facts->second.open && !facts->second.finished;
        if (!started || r.m().call(key).state != core::call_state::planned)
            continue;
        const bool going = co_await judge_call(r, key);
        if (!going)
            co_return false;
    }
    co_return true;
}

}  // namespace dedalus::handoff_engine
