#include "handoff/durable_open.hpp"

#include <dedalus/error.hpp>
#include <dedalus/stores/store_error.hpp>

#include "handoff/call_gates.hpp"
#include "handoff/durable_head.hpp"
#include "handoff/durable_lease.hpp"
#include "handoff/rebuild.hpp"
#include "handoff/tool_lanes.hpp"

#include <exception>
#include <utility>

namespace dedalus::handoff_engine {

namespace core = handoff_core;

namespace {

// What this process does that the log does not say.
void set_rules(durable& r)
{
    const std::shared_ptr<const tool_registry> tools = r.input->tools;
    r.m().set_checks(
        argument_checks(tools),
        [tools](const core::requested_call& call, bool ask) { return gates_of(*tools, call, ask); },
        [tools](const std::string& name) { return core::lanes_of(*tools, name); }
    );
    r.m().set_describe_end([texts = r.texts](const core::call_record& call, tool_end& end) { texts.apply(call, end); });
    r.m().set_fence(r.journal.fence());
}

// What the log and the records of calls say.
void rebuild(durable& r, const stores::stored_run& stored)
{
    r.definition = core::read_definition(stored.entries.front());
    // Written by the clock of who began the run; judged by that of the store.
    if (r.definition.expires_at)
        *r.definition.expires_at += stored.created_at - stored.entries.front().at;
    r.head = head_of(r.definition, r.input->run_id);
    keep(r.head, r.journal.loaded_head());
    r.texts = r.input->texts;
    r.texts.max_bytes = r.definition.max_result_bytes;
    r.facts = core::read_calls(stored);
    r.last_intent = core::last_intent(stored.entries);
    r.early.emplace(r.input->early, r.input->tools, r.definition.max_concurrency);
    make_machine(r, stored);
    r.times.began = stored.entries.front().at;
    if (r.m().ended())
        r.times.ended = stored.entries.back().at;
}

// What others have written beside it, and how long nobody has worked on the run.
void take_in(durable& r, stores::stored_run stored)
{
    if (!r.m().ended() && lacks_results(r))
        r.loaded = stored;
    r.owners = stored.fence;
    r.m().set_fence(r.journal.fence());
    const core::suspended_times suspended = core::suspended_in(stored.entries, r.journal.now());
    r.times.suspended = suspended.all;
    r.times.people = suspended.people;
    r.waits = std::move(stored.waits);
    r.late = std::move(stored.late);
    hear_cancellation(r, stored.inbox);
    r.inbox_seen = r.inbox_seen || !stored.inbox.empty();
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

// What we took, with all records of the former owner: what was looked at before, unless somebody has worked on the run
// since. What fails here must not keep the run from others.
asio::awaitable<void> load_ours(durable& r, std::optional<stores::stored_run> looked)  // borrowed: r
{
    std::exception_ptr failure;
    try {
        bool changed = true;
        if (looked)
            changed = co_await r.journal.reload(*looked);
        else
            looked = co_await r.journal.load();
        if (!looked)
            throw store_error(store_errc::damaged, "the run is gone");
        if (changed)
            rebuild(r, *looked);
        take_in(r, *std::move(looked));
        co_return;
    }
    catch (...) {
        failure = std::current_exception();
    }
    co_await release_lease(r);
    std::rethrow_exception(failure);
}

}  // namespace

void make_machine(durable& r, const stores::stored_run& stored)
{
    const auto describe = [texts = r.texts](const core::call_record& call, tool_end& end) { texts.apply(call, end); };
    r.machine.emplace(core::rebuild_machine(stored, r.definition, r.facts, {}, describe));
    set_rules(r);
}

run_result not_ours(const std::string& run_id, stop_reason reason)
{
    run_result result;
    result.run_id = run_id;
    result.phase = run_phase::executing;
    result.stop_reason = reason;
    return result;
}

asio::awaitable<std::optional<run_result>> open_run(durable& r)  // borrowed: r
{
    bool created = false;
    if (r.input->create)
        created = co_await create(r);
    std::optional<stores::stored_run> looked;
    if (!created) {
        looked = co_await r.journal.load();
        if (!looked)
            throw config_error("there is no run with this id");
        rebuild(r, *looked);
        if (r.m().ended() || leave_suspended(r, *looked)) {
            take_in(r, *std::move(looked));
            co_return result_of(r);
        }
    }
    const stores::acquire_result acquired = co_await r.journal.acquire();
    if (acquired.outcome == stores::acquire_outcome::not_found)
        throw config_error("there is no run with this id");
    if (acquired.outcome == stores::acquire_outcome::held)
        co_return not_ours(r.input->run_id, stop_reason::held);
    co_await load_ours(r, std::move(looked));
    if (r.m().ended())
        co_return result_of(r);
    co_return std::nullopt;
}

}  // namespace dedalus::handoff_engine
