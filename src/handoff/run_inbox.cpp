#include <dedalus/error.hpp>
#include <dedalus/handoff/run_inbox.hpp>

#include "handoff/identifiers.hpp"
#include "handoff/run_records.hpp"

#include <limits>
#include <utility>

namespace dedalus {

namespace asio = boost::asio;

namespace {

namespace core = handoff_core;

/// A run without its log.
asio::awaitable<stores::stored_run> load_waits(std::shared_ptr<run_store> store, std::string run_id)
{
    stores::load_request request;
    request.run_id = std::move(run_id);
    request.from_seq = std::numeric_limits<std::int64_t>::max();
    stores::load_result loaded = co_await store->load(std::move(request));
    co_return std::move(loaded.run);
}

bool is_open(const stores::wait_record& wait)
{
    return wait.decided_by.empty();
}

waiting_call to_waiting_call(const std::string& run_id, const stores::wait_record& wait)
{
    core::wait_facts facts = core::read_wait(wait.body);
    waiting_call call;
    call.run_id = run_id;
    call.call_id = wait.key.call.call_id;
    call.occurrence = static_cast<int>(wait.key.call.occurrence);
    call.name = std::move(facts.name);
    call.arguments = std::move(facts.arguments);
    call.fingerprint = wait.fingerprint;
    call.kind = core::to_wait_kind(wait.key.kind).value_or(wait_kind::approval);
    call.since = facts.since;
    if (wait.expires_at)
        call.expires_at = *wait.expires_at;
    return call;
}

bool may_decide(core::decision::kind what, std::string_view wait)
{
    const std::optional<wait_kind> kind = core::to_wait_kind(wait);
    switch (what) {
    case core::decision::kind::approve:
        return kind == wait_kind::approval || kind == wait_kind::unknown_outcome;
    case core::decision::kind::result:
        return kind == wait_kind::external_result || kind == wait_kind::unknown_outcome;
    case core::decision::kind::reject:
        break;
    }
    return kind.has_value();
}

// A call waits for one thing at a time, so that its latest open wait is the one meant; a decided one tells who was
// too late.
const stores::wait_record* find_wait(const stores::stored_run& run, const std::string& call_id)
{
    const stores::wait_record* found = nullptr;
    for (const stores::wait_record& wait : run.waits) {
        if (wait.key.call.call_id == call_id && (found == nullptr || is_open(wait) || !is_open(*found)))
            found = &wait;
    }
    return found;
}

asio::awaitable<stores::post_outcome>
post(std::shared_ptr<run_store> store, std::string run_id, std::string call_id, core::decision decision)
{
    const stores::stored_run run = co_await load_waits(store, run_id);
    const stores::wait_record* wait = find_wait(run, call_id);
    if (wait == nullptr || !may_decide(decision.what, wait->key.kind))
        co_return stores::post_outcome::refused;
    stores::post_request request;
    request.run_id = std::move(run_id);
    request.inbox_id = handoff_engine::make_inbox_id();
    request.wait = wait->key;
    request.fingerprint = wait->fingerprint;
    request.kind = core::decision_name(decision.what);
    request.body = core::decision_body(decision);
    co_return co_await store->post(std::move(request));
}

asio::awaitable<std::vector<waiting_call>> waits_of(std::shared_ptr<run_store> store, std::string run_id)
{
    const stores::stored_run run = co_await load_waits(store, run_id);
    std::vector<waiting_call> result;
    for (const stores::wait_record& wait : run.waits) {
        if (is_open(wait))
            result.push_back(to_waiting_call(run_id, wait));
    }
    co_return result;
}

asio::awaitable<std::vector<waiting_call>> all_waits(std::shared_ptr<run_store> store)
{
    std::vector<waiting_call> result;
    stores::list_query query;
    query.phase = run_phase::suspended;
    do {
        stores::list_page page = co_await store->list(query);
        for (stores::run_summary& run : page.runs) {
            const std::vector<waiting_call> calls = co_await waits_of(store, std::move(run.run_id));
            result.insert(result.end(), calls.begin(), calls.end());
        }
        query.cursor = std::move(page.next);
    } while (!query.cursor.empty());
    co_return result;
}

}  // namespace

run_inbox::run_inbox(std::shared_ptr<run_store> store) : store_(std::move(store))
{
    if (!store_)
        throw config_error("a run_inbox needs a store");
}

asio::awaitable<stores::post_outcome> run_inbox::approve(std::string run_id, std::string call_id) const
{
    core::decision decision;
    decision.what = core::decision::kind::approve;
    return post(store_, std::move(run_id), std::move(call_id), std::move(decision));
}

asio::awaitable<stores::post_outcome>
run_inbox::reject(std::string run_id, std::string call_id, std::string reason) const
{
    core::decision decision;
    decision.what = core::decision::kind::reject;
    decision.reason = std::move(reason);
    return post(store_, std::move(run_id), std::move(call_id), std::move(decision));
}

asio::awaitable<stores::post_outcome> run_inbox::reject(std::string run_id, std::string call_id) const
{
    return reject(std::move(run_id), std::move(call_id), std::string());
}

asio::awaitable<stores::post_outcome>
run_inbox::provide_result(std::string run_id, std::string call_id, boost::json::value result) const
{
    core::decision decision;
    decision.what = core::decision::kind::result;
    decision.value = std::move(result);
    return post(store_, std::move(run_id), std::move(call_id), std::move(decision));
}

asio::awaitable<std::vector<waiting_call>> run_inbox::list_waiting(std::string run_id) const
{
    return waits_of(store_, std::move(run_id));
}

asio::awaitable<std::vector<waiting_call>> run_inbox::list_waiting() const
{
    return all_waits(store_);
}

}  // namespace dedalus
