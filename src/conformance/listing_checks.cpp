#include "conformance/scene.hpp"

#include <algorithm>
#include <set>

namespace dedalus::conformance {

namespace {

awaitable<std::vector<std::string>> resumable(scene_ptr s)
{
    stores::run_filter filter;
    filter.labels.emplace("check", s->prefix);
    std::vector<std::string> ids = co_await s->other->list_resumable(std::move(filter));
    std::ranges::sort(ids);
    co_return ids;
}

awaitable<void> lists_what_can_be_resumed(scene_ptr s)
{
    co_await create_run(s, 1, run_phase::ready);
    co_await create_run(s, 2, run_phase::sending);
    co_await create_run(s, 3, run_phase::executing);
    co_await create_run(s, 4, run_phase::suspended);
    co_await create_run(s, 5, run_phase::completed);
    co_await create_run(s, 6, run_phase::ready);
    co_await acquire_run(s, 6);
    const std::vector<std::string> found = co_await resumable(s);
    const std::vector<std::string> right = {s->run_id(1), s->run_id(2), s->run_id(3)};
    require(found == right, "the runs that are not suspended, not terminal and not held expected");
    auto order = make_post(s, s->op(), "");
    order.run_id = s->run_id(4);
    order.wait.reset();
    co_await s->store->post(std::move(order));
    const std::vector<std::string> woken = co_await resumable(s);
    require(std::ranges::count(woken, s->run_id(4)) == 1, "a suspended run with something in the inbox is missing");
    stores::run_filter one;
    one.labels.emplace("check", s->prefix);
    one.limit = 1;
    const auto limited = co_await s->store->list_resumable(std::move(one));
    require(limited.size() == 1, "the limit was not respected");
    stores::run_filter other;
    other.labels.emplace("check", "something else than " + s->prefix);
    const auto none = co_await s->store->list_resumable(std::move(other));
    require(none.empty(), "the labels were not respected");
}

awaitable<void> wakes_at_the_time(scene_ptr s)
{
    co_await create_run(s);
    stores::acquire_request acquire;
    acquire.run_id = s->run_id();
    acquire.owner = "owner";
    acquire.ttl = s->options.short_lease;
    acquire.op_id = s->op();
    const auto lease = co_await s->store->acquire(std::move(acquire));
    stores::commit_request suspend = make_commit(s, lease.fence, 1);
    suspend.head.phase = run_phase::suspended;
    suspend.head.wakeup_at = lease.until + std::chrono::milliseconds(20);
    co_await s->store->commit(std::move(suspend));
    stores::release_request release;
    release.run_id = s->run_id();
    release.fence = lease.fence;
    co_await s->store->release(std::move(release));
    const auto early = co_await resumable(s);
    require(early.empty(), "a suspended run was listed before its time");
    co_await pass_time(s, s->options.short_lease + std::chrono::milliseconds(40));
    const auto due = co_await resumable(s);
    require(due.size() == 1, "a suspended run was not listed when its time had come");
}

awaitable<void> lists_page_by_page(scene_ptr s)
{
    for (int n = 0; n < 9; ++n)
        co_await create_run(s, n);
    stores::list_query query;
    query.labels.emplace("check", s->prefix);
    query.limit = 2;
    std::multiset<std::string> seen;
    for (int page_number = 0; page_number < 20; ++page_number) {
        const stores::list_page page = co_await s->store->list(query);
        require(page.runs.size() <= 2, "a page is larger than its limit");
        for (const stores::run_summary& run : page.runs)
            seen.insert(run.run_id);
        if (page.next.empty())
            break;
        query.cursor = page.next;
        // What comes, goes and changes meanwhile moves nothing.
        if (page_number == 0) {
            co_await s->store->remove(page.runs[1].run_id, false);
            co_await create_run(s, 10);
            const std::int64_t fence = co_await acquire_run(s, 8);
            co_await s->store->commit(make_commit(s, fence, 1, 8));
        }
    }
    for (int n = 0; n < 9; ++n)
        require(seen.count(s->run_id(n)) == 1, "a run came twice or not at all");
    query.cursor = "no cursor";
    co_await require_refused(s->store->list(query), store_errc::invalid_argument, "an unreadable cursor was taken");
}

awaitable<void> lists_what_was_asked_for(scene_ptr s)
{
    co_await create_run(s, 1);
    co_await create_run(s, 2, run_phase::suspended);
    const std::int64_t fence = co_await acquire_run(s, 1, "the owner");
    stores::list_query query;
    query.labels.emplace("check", s->prefix);
    const stores::list_page all = co_await s->other->list(query);
    require(all.runs.size() == 2 && all.next.empty(), "two runs on one page expected");
    const stores::run_summary& first = all.runs[0];
    require(first.run_id == s->run_id(1), "the oldest run comes first");
    require(first.lease_owner == "the owner" && first.fence == fence && first.rev == 1, "a summary is wrong");
    require(first.labels == query.labels && first.phase == run_phase::ready, "a summary is wrong");
    require(all.runs[1].lease_owner.empty(), "a run that nobody holds has an owner");
    query.phase = run_phase::suspended;
    const stores::list_page suspended = co_await s->other->list(query);
    require(suspended.runs.size() == 1 && suspended.runs[0].run_id == s->run_id(2), "the phase was not respected");
    query.phase.reset();
    query.updated_until = all.runs[1].updated_at;
    const stores::list_page before = co_await s->other->list(query);
    for (const stores::run_summary& run : before.runs)
        require(run.updated_at < *query.updated_until, "updated_until was not respected");
    query.updated_until.reset();
    query.updated_from = all.runs[1].updated_at;
    const stores::list_page after = co_await s->other->list(query);
    require(!after.runs.empty() && after.runs.back().run_id == s->run_id(2), "updated_from was not respected");
    query.updated_from.reset();
    query.labels.emplace("another", "label");
    const stores::list_page none = co_await s->other->list(query);
    require(none.runs.empty(), "a run without one of the labels was listed");
}

}  // namespace

const check_list& listing_checks()
{
    static const check_list checks = {
        {"the runs that can be resumed are listed", "base", lists_what_can_be_resumed},
        {"a suspended run is listed when its time has come", "base", wakes_at_the_time},
        {"a listing gives each run once", "base", lists_page_by_page},
        {"a listing gives what was asked for", "base", lists_what_was_asked_for},
    };
    return checks;
}

}  // namespace dedalus::conformance
