#include "handoff/durable_run.hpp"

#include <dedalus/error.hpp>
#include <dedalus/stores/store_error.hpp>

#include "handoff/call_gates.hpp"
#include "handoff/durable_head.hpp"
#include "handoff/durable_state.hpp"
#include "handoff/rebuild.hpp"
#include "handoff/tool_lanes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

constexpr int renewals_per_lease = 3;

void rebuild(durable& r, stores::stored_run stored)
{
    r.definition = core::read_definition(stored.entries.front());
    // Written by the clock of who began the run; judged by that of the store.
    if (r.definition.expires_at)
        *r.definition.expires_at += stored.created_at - stored.entries.front().at;
    r.head = head_of(r.definition, r.input->run_id);
    keep(r.head, r.journal.loaded_head());
    r.facts = core::read_calls(stored);
    r.last_intent = core::last_intent(stored.entries);
    r.machine.emplace(core::rebuild_machine(stored, r.definition, r.facts));
    r.m().set_fence(r.journal.fence());
    r.early.emplace(r.input->early, r.input->tools, r.definition.max_concurrency);
    r.times.began = stored.entries.front().at;
    const core::suspended_times suspended = core::suspended_in(stored.entries, r.journal.now());
    r.times.suspended = suspended.all;
    r.times.people = suspended.people;
    if (r.m().ended())
        r.times.ended = stored.entries.back().at;
    r.waits = std::move(stored.waits);
    r.late = std::move(stored.late);
    hear_cancellation(r, stored.inbox);
    const std::shared_ptr<const tool_registry> tools = r.input->tools;
    r.m().set_checks(
        argument_checks(tools),
        [tools](const core::requested_call& call, bool ask) { return gates_of(*tools, call, ask); },
        [tools](const std::string& name) { return core::lanes_of(*tools, name); }
    );
    r.texts = r.input->texts;
    r.texts.max_bytes = r.definition.max_result_bytes;
    r.m().set_describe_end([texts = r.texts](const core::call_record& call, tool_end& end) { texts.apply(call, end); });
}

run_result not_ours(const std::string& run_id, stop_reason reason)
{
    run_result result;
    result.run_id = run_id;
    result.phase = run_phase::executing;
    result.stop_reason = reason;
    return result;
}

// False: there is such a run already.
asio::awaitable<bool> create(durable& r)  // borrowed: r
{
    core::checkpoint_head head = head_of(*r.input->create, r.input->run_id);
    core::new_entry input = core::input_entry(*r.input->create);
    const stores::create_outcome outcome = co_await r.journal.create(std::move(head), std::move(input));
    if (outcome == stores::create_outcome::exists && r.input->must_be_new)
        throw config_error("there is a run with this id already");
    co_return outcome == stores::create_outcome::created;
}

asio::awaitable<void> release(durable& r)  // borrowed: r
{
    try {
        co_await r.journal.release();
    }
    catch (const store_error&) {
        co_return;  // the lease ends by itself
    }
}

// False: there is no such run.
asio::awaitable<bool> load(durable& r)  // borrowed: r
{
    std::optional<stores::stored_run> stored = co_await r.journal.load();
    if (!stored)
        co_return false;
    rebuild(r, *std::move(stored));
    co_return true;
}

// What we took, with all records of the former owner. What fails here must not keep the run from others.
asio::awaitable<void> load_ours(durable& r)  // borrowed: r
{
    std::exception_ptr failure;
    try {
        const bool there = co_await load(r);
        if (!there)
            throw store_error(store_errc::damaged, "the run is gone");
        co_return;
    }
    catch (...) {
        failure = std::current_exception();
    }
    co_await release(r);
    std::rethrow_exception(failure);
}

// What is to be said at once, if anything: the run has ended, or somebody else has it. Looks before it takes the run:
// who cannot read it, or knows it has ended, changes nothing.
asio::awaitable<std::optional<run_result>> open(durable& r)  // borrowed: r
{
    bool created = false;
    if (r.input->create)
        created = co_await create(r);
    if (!created) {
        const bool there = co_await load(r);
        if (!there)
            throw config_error("there is no run with this id");
        if (r.m().ended())
            co_return result_of(r);
    }
    const stores::acquire_result acquired = co_await r.journal.acquire();
    if (acquired.outcome == stores::acquire_outcome::not_found)
        throw config_error("there is no run with this id");
    if (acquired.outcome == stores::acquire_outcome::held)
        co_return not_ours(r.input->run_id, stop_reason::held);
    co_await load_ours(r);
    if (r.m().ended())
        co_return result_of(r);
    co_return std::nullopt;
}

asio::awaitable<void> follow(durable& r)  // borrowed: r
{
    bool going = co_await judge_started(r);
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
        if (std::exchange(r.inbox_seen, false)) {
            const bool changed = co_await take_decisions(r);
            if (changed)
                continue;
        }
        going = co_await exchange(r);
    }
}

/// Keeps the lease while a run is followed.
struct renewal
{
    explicit renewal(const strand& s) : next(s), end(s, asio::steady_timer::time_point::max()) {}

    asio::steady_timer next;
    asio::steady_timer end;
    bool over = false;
    bool ended = false;
};

asio::awaitable<void> keep_lease(durable& r, std::shared_ptr<renewal> lease)  // borrowed: r
{
    while (!lease->over) {
        lease->next.expires_after(r.input->lease / renewals_per_lease);
        boost::system::error_code ignored;
        co_await lease->next.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (lease->over)
            co_return;
        try {
            co_await r.journal.renew();
            const stores::stored_run outside = co_await r.journal.load_outside();
            if (!hear_cancellation(r, outside.inbox) && !outside.inbox.empty()) {
                r.inbox_seen = true;
                r.tools.wake();
            }
        }
        catch (const run_lost&) {
            r.stop->now();  // the next write says so, too
            co_return;
        }
        catch (const store_error&) {
            continue;  // the lease runs on for a while; hold_lease() asks again before it has ended
        }
    }
}

asio::awaitable<void> give_up_lease(durable& r, std::shared_ptr<renewal> lease, bool ours)  // borrowed: r
{
    lease->over = true;
    lease->next.cancel();
    boost::system::error_code ignored;
    if (!lease->ended)
        co_await lease->end.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (ours)
        co_await release(r);
}

// Waits for those that listen.
asio::awaitable<void> cancel_tools(durable& r)  // borrowed: r
{
    r.tools.cancel();
    for (;;) {
        for (ended_call& ended : r.tools.take_ended(std::chrono::steady_clock::now()))
            r.ended.push_back(std::move(ended));
        if (!r.tools.any_open())
            co_return;
        co_await r.tools.wait();
    }
}

// Those that follow know at least that it was done.
asio::awaitable<void> put_late_results(durable& r)  // borrowed: r
{
    for (ended_call& ended : r.tools.take_ended(std::chrono::steady_clock::now()))
        r.ended.push_back(std::move(ended));
    for (const ended_call& ended : r.ended) {
        const bool known = ended.late && r.m().call(ended.key).state == core::call_state::finished;
        if (ended.again || known || ended.task != tool_task::handler)
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
        known = co_await open(r);
    }
    catch (const store_error&) {
        failure = std::current_exception();
    }
    if (failure)
        rethrow(failure, r);
    if (known)
        co_return *std::move(known);

    auto lease = std::make_shared<renewal>(s);
    asio::co_spawn(s, keep_lease(r, lease), [lease](std::exception_ptr) {
        lease->ended = true;
        lease->end.cancel();
    });
    interrupt_by(*r.stop, r);
    r.teller.begin(r.m(), r.journal.fence() > 1);
    bool lost = false;
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
    if (!failure)
        co_await put_late_results(r);
    if (lost)
        co_return not_ours(r.input->run_id, stop_reason::fenced);
    if (failure)
        rethrow(failure, r);
    co_return result_of(r);
}

namespace {

asio::awaitable<void> write_blobs(durable& r)  // borrowed: r
{
    while (!r.blobs.empty()) {
        std::string bytes = r.blobs.begin()->second;
        co_await r.journal.put_blob(std::move(bytes));
        r.blobs.erase(r.blobs.begin());
    }
}

}  // namespace

asio::awaitable<void> put_blobs(durable& r)  // borrowed: r
{
    if (r.blobs.empty())
        co_return;
    if (core::demands(r.head, core::demand_of_blobs))
        co_return co_await write_blobs(r);
    journal_commit only_the_head;
    co_await commit(r, std::move(only_the_head));
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
    const bool names_blobs = !r.blobs.empty();
    if (names_blobs)
        core::demand(what.head, core::demand_of_blobs);
    co_await write_blobs(r);
    co_await r.journal.commit(std::move(what));
    if (names_blobs)
        core::demand(r.head, core::demand_of_blobs);
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

run_result result_of(durable& r)
{
    run_result result = r.m().result();
    result.timing.began = r.times.began;
    result.timing.suspended = r.times.suspended;
    result.timing.people = r.times.people;
    result.timing.store = r.journal.spent();
    result.timing.ended = r.times.ended == time_point() ? r.journal.now() : r.times.ended;
    result.checkpoint_ref = checkpoint_ref{r.input->run_id, r.journal.revision()};
    result.resumes = static_cast<int>(std::max<std::int64_t>(0, r.journal.fence() - 1));
    core::add_wait_facts(result.waiting, r.waits);
    for (waiting_call& call : result.waiting) {
        const auto token = r.tokens.find({{call.call_id, call.occurrence}, std::string(core::wait_name(call.kind))});
        if (token != r.tokens.end())
            call.token = token->second;
    }
    return result;
}

stores::call_record finish_record(durable& r, const call_key& key, const tool_end& end, time_point entered)
{
    const int attempt = std::max(1, r.m().call(key).attempts);
    stores::call_record record = r.journal.record(key, stores::call_record_kind::finish, attempt);
    const bool may_split = r.journal.has_blobs();
    record.body = may_split ? core::finish_body(end, entered, {r.input->most_inline_bytes, r.blobs})
                            : core::finish_body(end, entered);
    return record;
}

}  // namespace dedalus::handoff_engine
