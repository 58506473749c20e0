#include "handoff/durable_run.hpp"

#include <dedalus/error.hpp>
#include <dedalus/stores/store_error.hpp>

#include "handoff/durable_lease.hpp"
#include "handoff/durable_open.hpp"
#include "handoff/durable_state.hpp"
#include "handoff/rebuild.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

asio::awaitable<void> follow(durable& r)  // borrowed: r
{
    bool going = co_await make_unstored(r);
    if (going)
        going = co_await judge_started(r);
    while (going) {
        const auto expires = r.definition.expires_at;
        if (expires && *expires <= r.journal.store_now()) {
            journal_commit nothing;  // but the end
            co_await end_run(r, run_phase::expired, stop_reason::expired, std::move(nothing));
            co_return;
        }
        if (r.m().calls_open()) {
            going = co_await run_calls(r);
            continue;
        }
        if (r.stop->asked_after_turn()) {
            co_await stop_run(r);
            co_return;
        }
        // Not before it is known that a request is lost: what is taken in goes into the next one.
        if (!r.m().sending() && std::exchange(r.inbox_seen, false)) {
            const bool changed = co_await take_decisions(r);
            if (changed)
                continue;
        }
        going = co_await exchange(r);
    }
}

// What has ended, and is not in the store.
void gather_ended(durable& r)
{
    for (ended_call& ended : r.tools.take_ended(std::chrono::steady_clock::now()))
        r.ended.push_back(std::move(ended));
}

// Waits for those that listen.
asio::awaitable<void> cancel_tools(durable& r)  // borrowed: r
{
    r.tools.cancel();
    for (gather_ended(r); r.tools.any_open(); gather_ended(r))
        co_await r.tools.wait();
}

// Those that follow know at least that it was done.
asio::awaitable<void> put_late_results(durable& r)  // borrowed: r
{
    for (const ended_call& ended : r.ended) {
        const bool known = ended.late && r.m().call(ended.key).state == core::call_state::finished;
        if (ended.again || known || ended.task != tool_task::handler)
            continue;
        if (is_unstored(r, r.m().call(ended.key).request.name))
            continue;
        stores::late_result late;
        late.key = core::stored_key(ended.key);
        tool_end end = ended.end;
        r.describe(ended.key, end);
        late.body = core::finish_body(end, ended.entered);
        try {
            co_await r.journal.put_late(std::move(late));
        }
        catch (const store_error&) {
            co_return;
        }
    }
}

stop_reason stop_reason_of(const error& e)
{
    const auto* stored = dynamic_cast<const store_error*>(&e);
    if (stored == nullptr)
        return stop_reason::error;
    if (stored->reason() == store_errc::wrong_format)
        return stop_reason::format_too_new;
    return stored->reason() == store_errc::damaged ? stop_reason::corrupt_checkpoint : stop_reason::store_error;
}

run_result not_read(const std::string& run_id, const error& e)
{
    run_result result;
    result.run_id = run_id;
    result.phase = run_phase::suspended;
    result.stop_reason = stop_reason_of(e);
    return result;
}

// What the store was not told the caller is told all the same. What was cancelled because the run stops has not ended:
// it is judged when somebody goes on with it.
void finish_unstored_calls(durable& r)
{
    for (ended_call& ended : r.ended) {
        if (ended.again || ended.task != tool_task::handler || ended.end.outcome == tool_outcome::cancelled)
            continue;
        r.describe(ended.key, ended.end);
        r.m().finish(ended.key, std::move(ended.end), ended.entered, r.journal.now());
    }
}

[[noreturn]] void rethrow(const std::exception_ptr& failure, durable& r)
{
    try {
        std::rethrow_exception(failure);
    }
    catch (error& e) {
        if (!r.machine) {
            e.set_partial_run(std::make_shared<const run_result>(not_read(r.input->run_id, e)));
            throw;
        }
        finish_unstored_calls(r);
        auto partial = std::make_shared<run_result>(result_of(r));
        // An end that could not be written is none.
        const bool not_stored = dynamic_cast<const store_error*>(&e) != nullptr;
        if (!r.m().ended() || not_stored) {
            partial->phase = run_phase::suspended;
            partial->stop_reason = stop_reason_of(e);
        }
        e.set_partial_run(std::move(partial));
        throw;
    }
}

void interrupt_by(run_stop& stop, durable& r)
{
    stop.on_now([&r] {
        r.journal.hurry();
        r.sending.emit(asio::cancellation_type::terminal);
        r.pause.cancel();
        r.tools.cancel();
    });
    stop.on_look([&r] {
        r.inbox_seen = true;
        r.tools.wake();
    });
}

}  // namespace

asio::awaitable<run_result>
follow_run(std::shared_ptr<const durable_input> input, std::shared_ptr<run_stop> stop, strand s)
{
    durable r(std::move(input), std::move(stop), s);
    std::optional<run_result> known;
    std::exception_ptr failure;
    try {
        known = co_await open_run(r);
    }
    catch (const store_error&) {
        failure = std::current_exception();
    }
    if (failure)
        rethrow(failure, r);
    if (known)
        co_return *std::move(known);

    const std::shared_ptr<lease_renewal> lease = keep_lease(r);
    interrupt_by(*r.stop, r);
    r.teller.begin(r.m(), r.journal.fence() > 1);
    bool lost = false;
    bool not_stored = false;
    try {
        co_await follow(r);
    }
    catch (const run_lost&) {
        lost = true;
    }
    catch (const run_changed&) {
        store_error changed(store_errc::damaged, "somebody who does not have the run has changed it");
        failure = std::make_exception_ptr(std::move(changed));
    }
    catch (const store_error&) {
        failure = std::current_exception();
        not_stored = true;
    }
    catch (...) {
        failure = std::current_exception();
    }
    if (lost || failure)
        co_await cancel_tools(r);
    r.tools.cancel_early();
    // A tool that ignores its cancellation does not keep the run from others.
    std::exception_ptr not_given_up;
    try {
        co_await give_up_lease(r, lease, !lost);
    }
    catch (...) {
        not_given_up = std::current_exception();
    }
    co_await r.tools.drain();
    r.stop->on_now({});
    r.stop->on_look({});
    if (not_given_up)
        std::rethrow_exception(not_given_up);
    gather_ended(r);
    if (!failure || not_stored)
        co_await put_late_results(r);
    if (lost)
        co_return not_ours(r.input->run_id, stop_reason::fenced);
    if (failure)
        rethrow(failure, r);
    co_return result_of(r);
}

run_result result_of(durable& r)
{
    run_result result = r.m().result();
    result.timing.began = r.times.began;
    result.timing.suspended = r.times.suspended;
    result.timing.people = r.times.people;
    result.timing.store = r.journal.spent();
    result.timing.ended = r.times.ended == time_point() ? r.journal.now() : r.times.ended;
    result.checkpoint_ref = checkpoint_ref{r.input->run_id, r.journal.revision()};
    result.resumes = static_cast<int>(std::max<std::int64_t>(0, r.owners - 1));
    core::add_wait_facts(result.waiting, r.waits);
    for (waiting_call& call : result.waiting) {
        const auto token = r.tokens.find({{call.call_id, call.occurrence}, std::string(core::wait_name(call.kind))});
        if (token != r.tokens.end())
            call.token = token->second;
    }
    return result;
}

}  // namespace dedalus::handoff_engine
