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
    const std::string nowhere = co_await s->store->put_blob(s->run_id(1), bytes);
    require(nowhere.empty(), "a blob was put into a run that is not there");
    co_await s->store->remove(s->run_id(), false);
    const std::optional<std::string> removed = co_await s->other->get_blob(s->run_id(), hash);
    require(!removed, "a blob outlived its run");
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

}  // namespace

const check_list& optional_checks()
{
    static const check_list checks = {
        {"a run is collected when its time to live is over", "collect", collects_by_ttl},
        {"old terminal runs are collected", "collect", collects_by_age},
        {"blobs are kept with their run", "blobs", keeps_blobs},
        {"a watch tells of posts", "watch", tells_of_posts},
    };
    return checks;
}

}  // namespace dedalus::conformance
