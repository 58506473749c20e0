#include "conformance/scene.hpp"

#include <algorithm>
#include <array>

namespace dedalus::conformance {

namespace {

using stores::acquire_outcome;

stores::acquire_request make_acquire(scene_ptr s, std::string owner, std::chrono::milliseconds ttl)
{
    stores::acquire_request request;
    request.run_id = s->run_id();
    request.owner = std::move(owner);
    request.ttl = ttl;
    request.op_id = s->op();
    return request;
}

awaitable<void> raises_the_fence(scene_ptr s)
{
    co_await create_run(s);
    std::int64_t last = 0;
    for (int i = 0; i < 3; ++i) {
        const std::int64_t fence = co_await acquire_run(s, 0, "always the same");
        require(fence > last, "the fence did not grow");
        last = fence;
        stores::release_request release;
        release.run_id = s->run_id();
        release.fence = fence;
        const auto released = co_await s->store->release(std::move(release));
        require(released == stores::lease_outcome::ok, "the owner could not release");
    }
    const stores::stored_run run = co_await load_run(s);
    require(run.fence == last, "load gives another fence");
}

awaitable<void> keeps_others_out(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s, 0, "first");
    const auto held = co_await s->other->acquire(make_acquire(s, "second", long_lease));
    require(held.outcome == acquire_outcome::held && held.owner == "first", "a live lease was not respected");
    const auto again = co_await s->store->acquire(make_acquire(s, "first", long_lease));
    require(again.outcome == acquire_outcome::held, "the same owner with another op_id must wait like anybody");
    const stores::stored_run run = co_await load_run(s);
    require(run.fence == fence, "an acquire that failed changed the fence");
}

awaitable<void> ends_leases(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_and_lose(s);
    const auto taken = co_await s->other->acquire(make_acquire(s, "second", long_lease));
    require(taken.outcome == acquire_outcome::acquired && taken.fence > fence, "a lease that is over still holds");
}

awaitable<void> lets_one_owner_win(scene_ptr s)
{
    co_await create_run(s);
    for (int round = 0; round < 5; ++round) {
        std::vector<awaitable<stores::acquire_result>> owners;
        for (int i = 0; i < 10; ++i) {
            auto request = make_acquire(s, "owner " + std::to_string(i), long_lease);
            owners.push_back((i % 2 == 0 ? s->store : s->other)->acquire(std::move(request)));
        }
        const auto results = co_await together(std::move(owners));
        std::int64_t fence = 0;
        int winners = 0;
        for (const auto& result : results) {
            winners += result.outcome == acquire_outcome::acquired ? 1 : 0;
            fence = std::max(fence, result.fence);
        }
        require(winners == 1, "of ten owners not exactly one got the lease");
        require(fence == round + 1, "the fence grew by more than one");
        stores::release_request release;
        release.run_id = s->run_id();
        release.fence = fence;
        co_await s->store->release(std::move(release));
    }
}

awaitable<void> repeats_an_acquire(scene_ptr s)
{
    co_await create_run(s);
    const stores::acquire_request request = make_acquire(s, "owner", long_lease);
    const auto first = co_await s->store->acquire(request);
    const auto second = co_await s->other->acquire(request);
    require(second.outcome == acquire_outcome::acquired, "the same acquire with the same op_id was refused");
    require(second.fence == first.fence && second.until == first.until, "a repeated acquire was done twice");
}

awaitable<void> renews(scene_ptr s)
{
    co_await create_run(s);
    const auto lease = co_await s->store->acquire(make_acquire(s, "owner", s->options.short_lease));
    stores::renew_request renew;
    renew.run_id = s->run_id();
    renew.fence = lease.fence;
    renew.ttl = long_lease;
    const auto renewed = co_await s->store->renew(renew);
    require(renewed.outcome == stores::lease_outcome::ok && renewed.until > lease.until, "the lease was not renewed");
    co_await pass_time(s, s->options.short_lease + std::chrono::milliseconds(20));
    const auto held = co_await s->other->acquire(make_acquire(s, "second", long_lease));
    require(held.outcome == acquire_outcome::held, "a renewed lease ended");
    stores::release_request release;
    release.run_id = s->run_id();
    release.fence = lease.fence;
    co_await s->store->release(release);
    const auto lost = co_await s->store->renew(renew);
    require(lost.outcome == stores::lease_outcome::lost, "a lease that was given back was renewed");
}

awaitable<void> renews_a_lapsed_lease(scene_ptr s)
{
    co_await create_run(s);
    stores::renew_request renew;
    renew.run_id = s->run_id();
    renew.fence = co_await acquire_and_lose(s);
    renew.ttl = long_lease;
    const auto renewed = co_await s->store->renew(std::move(renew));
    require(renewed.outcome == stores::lease_outcome::ok, "a lapsed lease that nobody took was not renewed");
}

awaitable<void> releases(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    stores::release_request release;
    release.run_id = s->run_id();
    release.fence = fence;
    release.wakeup_at = time_point(std::chrono::microseconds(1767225600000007));
    const auto first = co_await s->store->release(release);
    const auto second = co_await s->store->release(release);
    require(first == stores::lease_outcome::ok && second == stores::lease_outcome::ok, "releasing twice is ok");
    const stores::stored_run run = co_await load_run(s);
    require(run.fence == fence, "release changed the fence");
    require(run.head.wakeup_at == release.wakeup_at, "release did not set wakeup_at");
    const std::int64_t next = co_await acquire_run(s);
    require(next > fence, "the fence did not grow after a release");
}

awaitable<void> fences_every_write(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t stale = co_await acquire_and_lose(s);
    const std::int64_t fence = co_await acquire_run(s);
    stores::renew_request renew;
    renew.run_id = s->run_id();
    renew.fence = stale;
    const auto renewed = co_await s->store->renew(std::move(renew));
    require(renewed.outcome == stores::lease_outcome::lost, "renew with a stale fence");
    stores::release_request release;
    release.run_id = s->run_id();
    release.fence = stale;
    release.wakeup_at = time_point();
    const auto released = co_await s->store->release(std::move(release));
    require(released == stores::lease_outcome::lost, "release with a stale fence");
    const auto committed = co_await s->store->commit(make_commit(s, stale, 1));
    require(committed.outcome == stores::commit_outcome::fenced, "commit with a stale fence");
    const std::array kinds = {call_record_kind::start, call_record_kind::abandon, call_record_kind::finish};
    for (const call_record_kind kind : kinds) {
        const auto appended = co_await s->store->append_call(make_append(s, make_record(kind, "c", stale)));
        require(appended.outcome == stores::append_outcome::fenced, "append_call with a stale fence");
    }
    const auto future = co_await s->store->commit(make_commit(s, fence + 1, 1));
    require(future.outcome == stores::commit_outcome::fenced, "commit with a fence that nobody has");
    const stores::stored_run run = co_await load_run(s);
    require(run.rev == 1 && run.calls.empty() && !run.head.wakeup_at, "a stale owner changed the run");
    const auto held = co_await s->store->acquire(make_acquire(s, "third", long_lease));
    require(held.outcome == acquire_outcome::held, "a stale owner ended the lease");
}

awaitable<void> fences_before_all_else(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t stale = co_await acquire_and_lose(s);
    stores::commit_request done = make_commit(s, stale, 1);
    co_await s->store->commit(done);
    auto append = make_append(s, make_record(call_record_kind::finish, "c", stale));
    co_await s->store->append_call(append);
    co_await acquire_run(s);
    const auto repeated = co_await s->store->commit(done);
    require(repeated.outcome == stores::commit_outcome::fenced, "a repeated commit must be fenced first");
    const auto wrong_rev = co_await s->store->commit(make_commit(s, stale, 77));
    require(wrong_rev.outcome == stores::commit_outcome::fenced, "a commit at a wrong revision must be fenced first");
    const auto appended = co_await s->store->append_call(append);
    require(appended.outcome == stores::append_outcome::fenced, "a repeated append must be fenced first");
}

awaitable<void> acquires_no_terminal_run(scene_ptr s)
{
    const std::array phases = {
        run_phase::completed,
        run_phase::failed,
        run_phase::budget_exhausted,
        run_phase::cancelled,
        run_phase::expired,
    };
    int n = 0;
    for (const run_phase phase : phases) {
        co_await create_run(s, ++n, phase);
        stores::acquire_request request = make_acquire(s, "owner", long_lease);
        request.run_id = s->run_id(n);
        const auto result = co_await s->store->acquire(std::move(request));
        require(result.outcome == acquire_outcome::terminal, "a terminal run was acquired");
    }
}

}  // namespace

const check_list& lease_checks()
{
    static const check_list checks = {
        {"each acquire raises the fence", "base", raises_the_fence},
        {"a live lease keeps others out", "base", keeps_others_out},
        {"a lease ends by the clock of the store", "base", ends_leases},
        {"of several owners exactly one gets the lease", "base", lets_one_owner_win},
        {"an acquire is repeatable by its op_id", "base", repeats_an_acquire},
        {"a lease is renewed until it is given back", "base", renews},
        {"a lapsed lease is renewed when nobody took the run", "base", renews_a_lapsed_lease},
        {"a release is repeatable and leaves the fence", "base", releases},
        {"a stale fence changes nothing", "base", fences_every_write},
        {"fenced comes before every other outcome", "base", fences_before_all_else},
        {"a terminal run is not acquired", "base", acquires_no_terminal_run},
    };
    return checks;
}

}  // namespace dedalus::conformance
