#include "conformance/scene.hpp"

#include <algorithm>

namespace dedalus::conformance {

namespace {

using stores::append_outcome;

awaitable<void> keeps_the_first_finish(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    const auto first =
        co_await s->store->append_call(make_append(s, make_record(call_record_kind::finish, "c", fence, 1, "first")));
    require(first.outcome == append_outcome::inserted && first.existing.empty(), "a first finish was not inserted");
    const auto second =
        co_await s->store->append_call(make_append(s, make_record(call_record_kind::finish, "c", fence, 2, "second")));
    require(second.outcome == append_outcome::already, "a second finish was inserted");
    require(second.existing.size() == 1 && second.existing[0].body == "first", "the first finish must be given");
    call_record next = make_record(call_record_kind::finish, "c", fence);
    next.key.occurrence = 1;
    next.crc32c = stores::checksum(next);
    const auto other = co_await s->store->append_call(make_append(s, next));
    require(other.outcome == append_outcome::inserted, "another occurrence is another call");
    const stores::stored_run run = co_await load_run(s);
    require(run.calls.size() == 2 && run.calls[0].body == "first", "a finish record was overwritten");
}

awaitable<void> lets_one_finish_win(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    std::vector<awaitable<stores::append_result>> appends;
    for (int i = 0; i < 8; ++i) {
        auto request = make_append(s, make_record(call_record_kind::finish, "c", fence, 1, std::to_string(i)));
        appends.push_back((i % 2 == 0 ? s->store : s->other)->append_call(std::move(request)));
    }
    const auto results = co_await together(std::move(appends));
    const auto won = std::ranges::count(results, append_outcome::inserted, &stores::append_result::outcome);
    const auto lost = std::ranges::count(results, append_outcome::already, &stores::append_result::outcome);
    require(won == 1 && lost == 7, "of finishes of one call not exactly one won");
}

awaitable<void> inserts_all_of_a_wave_or_none(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    auto wave = make_append(s, make_record(call_record_kind::start, "a", fence));
    wave.records.push_back(make_record(call_record_kind::start, "b", fence));
    const auto started = co_await s->store->append_call(std::move(wave));
    require(started.outcome == append_outcome::inserted, "a wave was not inserted");
    auto overlap = make_append(s, make_record(call_record_kind::start, "c", fence));
    overlap.records.push_back(make_record(call_record_kind::start, "b", fence, 1, "again"));
    const auto refused = co_await s->store->append_call(std::move(overlap));
    require(refused.outcome == append_outcome::already, "a start of the same attempt was inserted twice");
    require(refused.existing.size() == 1 && refused.existing[0].key.call_id == "b", "the existing start must be given");
    const stores::stored_run run = co_await load_run(s);
    require(run.calls.size() == 2, "a part of a wave was inserted");
}

awaitable<void> orders_the_records_of_a_call(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    const std::vector<call_record> right = {
        make_record(call_record_kind::start, "a", fence, 1),
        make_record(call_record_kind::abandon, "a", fence, 1),
        make_record(call_record_kind::start, "a", fence, 2),
        make_record(call_record_kind::finish, "a", fence, 2),
        make_record(call_record_kind::start, "b", fence, 1),
    };
    for (std::size_t i = right.size(); i > 0; --i) {
        const auto result = co_await s->store->append_call(make_append(s, right[i - 1]));
        require(result.outcome == append_outcome::inserted, "records of different kinds or attempts count as one");
    }
    const stores::stored_run run = co_await load_run(s);
    require(run.calls == right, "call records changed, or are not in order");
}

awaitable<void> appends_in_parallel(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    std::vector<awaitable<stores::append_result>> appends;
    for (int i = 0; i < 24; ++i) {
        auto request = make_append(s, make_record(call_record_kind::finish, "c" + std::to_string(i), fence));
        appends.push_back((i % 2 == 0 ? s->store : s->other)->append_call(std::move(request)));
    }
    const auto results = co_await together(std::move(appends));
    const auto inserted = std::ranges::count(results, append_outcome::inserted, &stores::append_result::outcome);
    require(inserted == 24, "parallel appends were not all inserted");
    const stores::stored_run run = co_await load_run(s);
    require(run.calls.size() == 24, "parallel appends were lost");
    require(run.rev == 1 && run.last_seq == 0, "appends changed the revision or the log");
}

awaitable<void> repeats_an_append(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    auto wave = make_append(s, make_record(call_record_kind::start, "a", fence));
    wave.records.push_back(make_record(call_record_kind::start, "b", fence));
    co_await s->store->append_call(wave);
    const auto repeated = co_await s->other->append_call(wave);
    require(repeated.outcome == append_outcome::inserted, "the same append with the same op_id must say inserted");
    const stores::stored_run run = co_await load_run(s);
    require(run.calls.size() == 2, "a repeated append was done twice");
}

awaitable<bool> take_over_and_look(scene_ptr s, int n)
{
    co_await acquire_run(s, n, "new owner");
    const stores::stored_run run = co_await load_run(s, n);
    co_return !run.calls.empty();
}

awaitable<bool> append_late(scene_ptr s, int n, std::int64_t fence)
{
    auto request = make_append(s, make_record(call_record_kind::finish, "c", fence), n);
    const auto result = co_await s->store->append_call(std::move(request));
    co_return result.outcome == append_outcome::inserted;
}

awaitable<void> shows_a_new_owner_all_records(scene_ptr s)
{
    for (int n = 0; n < 20; ++n) {
        co_await create_run(s, n);
        const std::int64_t stale = co_await acquire_and_lose(s, n);
        std::vector<awaitable<bool>> race;
        race.push_back(append_late(s, n, stale));
        race.push_back(take_over_and_look(s, n));
        if (n % 2 == 0)
            std::swap(race[0], race[1]);
        const std::vector<bool> results = co_await together(std::move(race));
        const bool inserted = results[n % 2 == 0 ? 1 : 0];
        const bool seen = results[n % 2 == 0 ? 0 : 1];
        require(inserted == seen, "a record of the former owner was inserted after the takeover, or not seen by it");
    }
}

awaitable<void> keeps_late_results(scene_ptr s)
{
    co_await create_run(s);
    const std::int64_t stale = co_await acquire_and_lose(s);
    co_await acquire_run(s);
    stores::late_request request;
    request.run_id = s->run_id();
    request.result.key.call_id = "c";
    request.result.fence = stale;
    request.result.body = "first";
    const auto first = co_await s->store->put_late_result(request);
    request.result.body = "second";
    const auto second = co_await s->store->put_late_result(request);
    require(first == stores::late_outcome::stored && second == stores::late_outcome::stored, "stored expected");
    const stores::stored_run run = co_await load_run(s);
    require(run.late.size() == 1 && run.late[0].body == "first", "one late result of a call and fence expected");
    require(run.late[0].key == request.result.key && run.late[0].fence == stale, "a late result changed");
    require(run.rev == 1 && run.calls.empty(), "a late result changed the run");
    for (std::size_t i = 0; i < stores::max_late_results; ++i) {
        request.result.key.call_id = "many" + std::to_string(i);
        co_await s->store->put_late_result(request);
    }
    const auto refused = co_await s->store->put_late_result(request);
    require(refused == stores::late_outcome::refused, "more late results than max_late_results");
}

}  // namespace

const check_list& call_checks()
{
    static const check_list checks = {
        {"the first finish of a call is kept", "base", keeps_the_first_finish},
        {"of finishes of one call exactly one wins", "base", lets_one_finish_win},
        {"the starts of a wave are inserted all or none", "base", inserts_all_of_a_wave_or_none},
        {"the records of a call are given in order", "base", orders_the_records_of_a_call},
        {"appends go on in parallel and leave the log alone", "base", appends_in_parallel},
        {"an append is repeatable by its op_id", "base", repeats_an_append},
        {"a new owner sees every record of the former one", "base", shows_a_new_owner_all_records},
        {"late results are kept apart", "base", keeps_late_results},
    };
    return checks;
}

}  // namespace dedalus::conformance
