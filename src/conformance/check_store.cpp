#include <dedalus/testing/store_conformance.hpp>

#include "conformance/scene.hpp"

#include <atomic>
#include <random>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace dedalus::conformance {

stores::run_head make_head(scene_ptr s, std::string bytes, run_phase phase)
{
    stores::run_head head;
    head.bytes = std::move(bytes);
    head.phase = phase;
    head.labels.emplace("check", s->prefix);
    return head;
}

log_entry make_entry(std::int64_t seq, std::int64_t fence, std::string body, std::string raw)
{
    log_entry entry;
    entry.seq = seq;
    entry.at = time_point(std::chrono::microseconds(1767225600123456 + seq));
    entry.fence = fence;
    entry.turn = 1;
    entry.kind = "note";
    entry.body = std::move(body);
    entry.raw = std::move(raw);
    entry.crc32c = stores::checksum(entry);
    return entry;
}

call_record
make_record(call_record_kind kind, std::string call_id, std::int64_t fence, std::int64_t attempt, std::string body)
{
    call_record record;
    record.key.call_id = std::move(call_id);
    record.kind = kind;
    record.attempt = attempt;
    record.fence = fence;
    record.at = time_point(std::chrono::microseconds(1767225600654321));
    record.body = std::move(body);
    record.crc32c = stores::checksum(record);
    return record;
}

stores::wait_record make_wait(std::string call_id, std::string token_sha256)
{
    stores::wait_record wait;
    wait.key.call.call_id = std::move(call_id);
    wait.key.kind = "approval";
    wait.fingerprint = "fp";
    wait.token_sha256 = std::move(token_sha256);
    wait.body = "{}";
    return wait;
}

stores::commit_request make_commit(scene_ptr s, std::int64_t fence, std::int64_t rev, int n)
{
    stores::commit_request request;
    request.run_id = s->run_id(n);
    request.fence = fence;
    request.expected_rev = rev;
    request.head = make_head(s);
    request.op_id = s->op();
    return request;
}

stores::append_request make_append(scene_ptr s, call_record record, int n)
{
    stores::append_request request;
    request.run_id = s->run_id(n);
    request.fence = record.fence;
    request.records.push_back(std::move(record));
    request.op_id = s->op();
    return request;
}

stores::post_request make_post(scene_ptr s, std::string inbox_id, std::string call_id)
{
    stores::post_request request;
    request.run_id = s->run_id();
    request.inbox_id = std::move(inbox_id);
    request.wait = make_wait(std::move(call_id)).key;
    request.fingerprint = "fp";
    request.kind = "approve";
    return request;
}

awaitable<void> create_run(scene_ptr s, int n, run_phase phase)
{
    stores::create_request request;
    request.run_id = s->run_id(n);
    request.head = make_head(s, "{}", phase);
    request.op_id = s->op();
    const auto outcome = co_await s->store->create(std::move(request));
    require(outcome == stores::create_outcome::created, "create did not create a new run");
}

awaitable<std::int64_t> acquire_run(scene_ptr s, int n)
{
    return acquire_run_as("owner", std::move(s), n);
}

awaitable<std::int64_t> acquire_run_as(std::string owner, scene_ptr s, int n)
{
    stores::acquire_request request;
    request.run_id = s->run_id(n);
    request.owner = std::move(owner);
    request.ttl = long_lease;
    request.op_id = s->op();
    const auto result = co_await s->store->acquire(std::move(request));
    require(result.outcome == stores::acquire_outcome::acquired, "a run without a live lease was not acquired");
    co_return result.fence;
}

awaitable<std::int64_t> acquire_and_lose(scene_ptr s, int n)
{
    stores::acquire_request request;
    request.run_id = s->run_id(n);
    request.owner = "paused";
    request.ttl = std::chrono::milliseconds(1);
    request.op_id = s->op();
    const auto result = co_await s->store->acquire(std::move(request));
    require(result.outcome == stores::acquire_outcome::acquired, "a run without a live lease was not acquired");
    co_await pass_time(s, std::chrono::milliseconds(20));
    co_return result.fence;
}

awaitable<stores::stored_run> load_run(scene_ptr s, int n)
{
    stores::load_request request;
    request.run_id = s->run_id(n);
    stores::load_result result = co_await s->other->load(std::move(request));
    require(result.outcome == stores::load_outcome::loaded, "a stored run was not loaded");
    co_return std::move(result.run);
}

awaitable<std::int64_t> create_waiting(scene_ptr s, stores::wait_record wait)
{
    co_await create_run(s);
    const std::int64_t fence = co_await acquire_run(s);
    stores::commit_request request = make_commit(s, fence, 1);
    request.head.phase = run_phase::suspended;
    request.waits.push_back(std::move(wait));
    const auto result = co_await s->store->commit(std::move(request));
    require(result.outcome == stores::commit_outcome::committed, "a commit that opens a wait was not done");
    co_return fence;
}

awaitable<void> pass_time(scene_ptr s, std::chrono::milliseconds time)
{
    if (s->options.pass_time) {
        s->options.pass_time(time);
        co_return;
    }
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

namespace {

const check_list& all_checks()
{
    static const check_list all = [] {
        check_list checks;
        for (const check_list* list :
             {&run_checks(),
              &lease_checks(),
              &commit_checks(),
              &call_checks(),
              &post_checks(),
              &listing_checks(),
              &optional_checks()})
            checks.insert(checks.end(), list->begin(), list->end());
        return checks;
    }();
    return all;
}

bool has(const store_capabilities& can, std::string_view capability)
{
    return capability == "base" || (capability == "watch" && can.watch) || (capability == "collect" && can.collect) ||
           (capability == "blobs" && can.blobs) || (capability == "restore" && can.restore);
}

std::string make_prefix()
{
    static std::atomic<unsigned> number = 0;
    std::random_device random;
    return "check-" + std::to_string(random()) + '-' + std::to_string(++number);
}

awaitable<void> remove_runs(scene_ptr s)
{
    stores::list_query query;
    query.labels.emplace("check", s->prefix);
    query.limit = stores::max_list_limit;
    const stores::list_page page = co_await s->store->list(std::move(query));
    for (const stores::run_summary& run : page.runs)
        co_await s->store->remove(run.run_id, false);
}

awaitable<void> run_check(check c, scene_ptr s, testing::store_check_result& result /* borrowed */)
{
    s->prefix = make_prefix();
    s->store = s->options.open();
    s->other = s->options.open();
    co_await s->store->migrate();
    if (!has(s->store->capabilities(), c.capability)) {
        result.status = testing::check_status::skipped;
        co_return;
    }
    co_await c.run(s);
    co_await remove_runs(s);
}

}  // namespace

}  // namespace dedalus::conformance

namespace dedalus::testing {

namespace asio = boost::asio;

std::vector<std::string> store_checks()
{
    std::vector<std::string> names;
    for (const auto& c : conformance::all_checks())
        names.emplace_back(c.name);
    return names;
}

asio::awaitable<store_check_result> run_store_check(std::string name, store_conformance_options options)
{
    for (const conformance::check& c : conformance::all_checks()) {
        if (c.name != name)
            continue;
        store_check_result result;
        result.name = name;
        result.capability = c.capability;
        auto s = std::make_shared<conformance::scene>();
        s->options = std::move(options);
        try {
            co_await conformance::run_check(c, s, result);
        }
        catch (const std::exception& e) {
            result.status = check_status::failed;
            result.problem = e.what();
        }
        co_return result;
    }
    throw std::out_of_range("no such check");
}

asio::awaitable<std::vector<store_check_result>> check_store(store_conformance_options options)
{
    std::vector<store_check_result> results;
    for (const std::string& name : store_checks())
        results.push_back(co_await run_store_check(name, options));
    co_return results;
}

}  // namespace dedalus::testing
