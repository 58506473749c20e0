#include "conformance/scene.hpp"

#include <optional>

namespace dedalus::conformance {

namespace {

awaitable<bool> is_there(scene_ptr s, int n)
{
    stores::load_request load;
    load.run_id = s->run_id(n);
    const auto result = co_await s->other->load(std::move(load));
    co_return result.outcome != stores::load_outcome::not_found;
}

awaitable<void> collects_by_ttl(scene_ptr s)
{
    for (int n = 1; n <= 4; ++n)
        co_await create_run(s, n);
    co_await acquire_run(s, 2);
    const std::chrono::milliseconds ttl(1);
    co_await s->store->set_ttl(s->run_id(1), ttl);
    co_await s->store->set_ttl(s->run_id(2), ttl);
    co_await s->store->set_ttl(s->run_id(3), ttl);
    co_await s->store->set_ttl(s->run_id(3), std::nullopt);
    const bool unknown = co_await s->store->set_ttl(s->run_id(9), ttl);
    require(!unknown, "set_ttl found a run that is not there");
    co_await pass_time(s, std::chrono::milliseconds(20));
    stores::collect_query query;
    query.age = std::chrono::hours(24 * 365);
    const std::size_t collected = co_await s->store->collect(std::move(query));
    require(collected >= 1, "collect does not say that it removed something");
    const bool first = co_await is_there(s, 1);
    const bool held = co_await is_there(s, 2);
    const bool taken_back = co_await is_there(s, 3);
    const bool without = co_await is_there(s, 4);
    require(!first, "a run was not collected when its time was over");
    require(held, "a run with a live lease was collected");
    require(taken_back && without, "a run without a time to live was collected");
}

awaitable<void> collects_by_age(scene_ptr s)
{
    co_await create_run(s, 1, run_phase::completed);
    co_await create_run(s, 2, run_phase::cancelled);
    co_await create_run(s, 3, run_phase::suspended);
    co_await pass_time(s, std::chrono::milliseconds(20));
    stores::collect_query young;
    young.age = std::chrono::hours(24 * 365);
    co_await s->store->collect(std::move(young));
    const bool kept = co_await is_there(s, 1);
    require(kept, "a young run was collected");
    stores::collect_query query;
    query.age = std::chrono::milliseconds(1);
    query.phase = run_phase::cancelled;
    co_await s->store->collect(std::move(query));
    const bool completed = co_await is_there(s, 1);
    const bool cancelled = co_await is_there(s, 2);
    const bool suspended = co_await is_there(s, 3);
    require(!cancelled, "an old terminal run was not collected");
    require(completed && suspended, "a run in another phase was collected");
}

awaitable<void> keeps_blobs(scene_ptr s)
{
    co_await create_run(s);
    const std::string bytes("blob\0\xff", 6);
    const std::string hash = co_await s->store->put_blob(s->run_id(), bytes);
    const std::string again = co_await s->store->put_blob(s->run_id(), bytes);
    require(
        hash == "0a4c58208404ed2c1a3bec307f54d6df78c352eba27d372b5a5ba538bcbe0682", "a blob is not named by its SHA-256"
    );
    require(hash == again, "the same bytes have two names");
    const std::optional<std::string> read = co_await s->other->get_blob(s->run_id(), hash);
    require(read == bytes, "a blob changed");
    const std::optional<std::string> missing = co_await s->other->get_blob(s->run_id(), std::string(64, '0'));
    require(!missing, "a blob was found that was never put");
    const stores::stored_run loaded = co_await load_run(s);
    require(loaded.blobs == stores::blob_map{{hash, bytes}}, "a load does not give the blobs of the run");
    stores::load_request rest;
    rest.run_id = s->run_id();
    rest.from_seq = 2;
    const stores::load_result outside = co_await s->other->load(std::move(rest));
    require(outside.run.blobs.empty(), "a load of what stands beside the log gives blobs");
    const std::string nowhere = co_await s->store->put_blob(s->run_id(1), bytes);
    require(nowhere.empty(), "a blob was put into a run that is not there");
    co_await s->store->remove(s->run_id(), false);
    const std::optional<std::string> removed = co_await s->other->get_blob(s->run_id(), hash);
    require(!removed, "a blob outlived its run");
}

awaitable<void> keeps_named_blobs(scene_ptr s)
{
    co_await create_run(s);
    const std::string name(64, 'a');
    const bool kept = co_await s->store->put_named_blob(s->run_id(), name, "first");
    const bool again = co_await s->store->put_named_blob(s->run_id(), name, "second");
    require(kept && again, "a blob was not put");
    const std::optional<std::string> read = co_await s->other->get_blob(s->run_id(), name);
    require(read == "first", "the first blob of a name was not kept");
    const bool nowhere = co_await s->store->put_named_blob(s->run_id(1), name, "first");
    require(!nowhere, "a blob was put into a run that is not there");
    co_await require_refused(
        s->store->put_named_blob(s->run_id(), "short", "bytes"), store_errc::invalid_argument, "the name \"short\""
    );
}

awaitable<void> tells_of_posts(scene_ptr s)
{
    co_await create_run(s, 0);
    co_await create_run(s, 1);
    const std::unique_ptr<run_watch> one = co_await s->store->watch(s->run_id(1));
    const std::unique_ptr<run_watch> all = co_await s->store->watch("");
    for (int n = 0; n < 2; ++n) {
        auto order = make_post(s, s->op(), "");
        order.run_id = s->run_id(n);
        order.wait.reset();
        co_await s->other->post(std::move(order));
    }
    const std::optional<std::string> first = co_await one->next(std::chrono::seconds(10));
    require(first == s->run_id(1), "the watch of a run did not tell of a post to it");
    const std::optional<std::string> none = co_await one->next(std::chrono::milliseconds(20));
    require(!none, "the watch of a run told of something else");
    std::optional<std::string> told = co_await all->next(std::chrono::seconds(10));
    while (told && *told != s->run_id(0))
        told = co_await all->next(std::chrono::seconds(10));
    require(told.has_value(), "the watch of all runs did not tell of a post");
}

// Everything that a run can have.
awaitable<stores::stored_run> full_run(scene_ptr s)
{
    const std::int64_t fence = co_await create_waiting(s, make_wait("c1"));
    auto append = make_append(s, make_record(call_record_kind::start, "c2", fence));
    co_await s->store->append_call(std::move(append));
    auto finish = make_append(s, make_record(call_record_kind::finish, "c2", fence, 1, "done"));
    co_await s->store->append_call(std::move(finish));
    auto decision = make_post(s, s->op(), "c1");
    co_await s->store->post(std::move(decision));
    auto order = make_post(s, s->op(), "");
    order.wait.reset();
    co_await s->store->post(std::move(order));
    stores::late_request late;
    late.run_id = s->run_id();
    late.result.key.call_id = "c2";
    late.result.fence = fence;
    late.result.body = std::string("late\0", 5);
    co_await s->store->put_late_result(std::move(late));
    if (s->store->capabilities().blobs)
        co_await s->store->put_blob(s->run_id(), "large");
    co_return co_await load_run(s);
}

awaitable<void> restores_runs(scene_ptr s)
{
    stores::restore_request request;
    request.run = co_await full_run(s);
    require(!request.run.waits.empty() && request.run.inbox.size() == 2, "a wait and two posts expected");
    request.run.run_id = s->run_id(1);
    request.run.created_at -= std::chrono::hours(1000);
    request.run.rev += 7;
    request.run.fence += 7;
    request.op_id = s->op();
    const auto first = co_await s->store->restore(request);
    const auto again = co_await s->store->restore(request);
    require(first == stores::create_outcome::created, "a run was not restored");
    require(again == stores::create_outcome::created, "a restore is not repeatable by its op_id");
    const stores::stored_run loaded = co_await load_run(s, 1);
    require(loaded == request.run, "a restored run is another one than it was");
    const std::int64_t fence = co_await acquire_run(s, 1);
    require(fence == request.run.fence + 1, "the fence of a restored run does not go on");
    request.op_id = s->op();
    const auto other = co_await s->store->restore(request);
    require(other == stores::create_outcome::exists, "a run was restored over another one");
}

awaitable<void> refuses_impossible_runs(scene_ptr s)
{
    stores::restore_request request;
    request.run = co_await full_run(s);
    request.run.run_id = s->run_id(1);
    request.op_id = s->op();
    stores::restore_request flipped = request;
    ++flipped.run.calls.front().crc32c;
    co_await require_refused(s->store->restore(flipped), store_errc::invalid_argument, "a wrong checksum");
    stores::restore_request ahead = request;
    ahead.run.fence = 0;
    co_await require_refused(s->store->restore(ahead), store_errc::invalid_argument, "a record ahead of its run");
    stores::restore_request twice = request;
    twice.run.waits.push_back(twice.run.waits.front());
    co_await require_refused(s->store->restore(twice), store_errc::invalid_argument, "two waits in one place");
    stores::restore_request cut = request;
    ++cut.run.last_seq;
    co_await require_refused(s->store->restore(cut), store_errc::invalid_argument, "a log without its end");
    stores::restore_request unnamed = request;
    unnamed.run.blobs["short"] = "bytes";
    co_await require_refused(s->store->restore(unnamed), store_errc::invalid_argument, "a blob named \"short\"");
    const bool there = co_await is_there(s, 1);
    require(!there, "something of a run that was refused is there");
}

}  // namespace

const check_list& optional_checks()
{
    static const check_list checks = {
        {"a run is collected when its time to live is over", "collect", collects_by_ttl},
        {"old terminal runs are collected", "collect", collects_by_age},
        {"blobs are kept with their run", "blobs", keeps_blobs},
        {"a blob is kept under a chosen name", "blobs", keeps_named_blobs},
        {"a watch tells of posts", "watch", tells_of_posts},
        {"a run of another store is restored as it was", "restore", restores_runs},
        {"a run that no store could have given is not restored", "restore", refuses_impossible_runs},
    };
    return checks;
}

}  // namespace dedalus::conformance
