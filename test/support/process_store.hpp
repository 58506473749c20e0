#pragma once

#include "stores/forwarding_store.hpp"
#include "support/durable_world.hpp"

#include <string>
#include <utility>

namespace test {

/// The store as one process sees it: each operation is two steps, before and after it is done.
class process_store final : public forwarding_store
{
public:
    explicit process_store(process& p) : forwarding_store(p.w.store), p_(p) {}

    asio::awaitable<stores::create_outcome> create(stores::create_request r) override
    {
        co_await p_.w.step(p_);
        const stores::create_outcome outcome = co_await to_->create(std::move(r));
        co_await p_.w.step(p_);
        co_return outcome;
    }

    asio::awaitable<stores::load_result> load(stores::load_request r) override
    {
        stores::load_result result = co_await to_->load(std::move(r));
        co_await p_.w.step(p_);
        co_return result;
    }

    asio::awaitable<stores::acquire_result> acquire(stores::acquire_request r) override
    {
        co_await p_.w.step(p_);
        stores::acquire_result result = co_await to_->acquire(std::move(r));
        co_await p_.w.step(p_);
        co_return result;
    }

    asio::awaitable<stores::renew_result> renew(stores::renew_request r) override
    {
        co_await p_.w.step(p_);
        stores::renew_result result = co_await to_->renew(std::move(r));
        co_await p_.w.step(p_);
        co_return result;
    }

    asio::awaitable<stores::lease_outcome> release(stores::release_request r) override
    {
        co_await p_.w.step(p_);
        co_return co_await to_->release(std::move(r));
    }

    dedalus::store_capabilities capabilities() const noexcept override { return {.blobs = true}; }

    asio::awaitable<std::string> put_blob(std::string id, std::string bytes) override
    {
        co_await p_.w.step(p_);
        std::string name = co_await to_->put_blob(std::move(id), std::move(bytes));
        co_await p_.w.step(p_);
        co_return name;
    }

    asio::awaitable<stores::commit_result> commit(stores::commit_request r) override;
    asio::awaitable<stores::append_result> append_call(stores::append_request r) override;

private:
    asio::awaitable<std::int64_t> fence_now(std::string run_id, std::int64_t claimed);
    asio::awaitable<void> look_at_run(std::string run_id);

    process& p_;
};

/// What a store does that does not look at fences: it takes the writer for the owner.
inline asio::awaitable<std::int64_t> process_store::fence_now(std::string run_id, std::int64_t claimed)
{
    if (p_.w.off != rule::fence && p_.w.off != rule::fence_in_append)
        co_return claimed;
    stores::load_request request;
    request.run_id = std::move(run_id);
    const stores::load_result loaded = co_await to_->load(std::move(request));
    co_return loaded.run.fence;
}

/// What was written must fit what was there before.
inline asio::awaitable<void> process_store::look_at_run(std::string run_id)
{
    if (p_.w.off != rule::none)
        co_return;
    stores::load_request request;
    request.run_id = std::move(run_id);
    const stores::load_result loaded = co_await to_->load(std::move(request));
    std::string problem = p_.w.audit.look_at(loaded.run);
    if (!problem.empty())
        p_.w.violations.push_back(std::move(problem));
}

inline asio::awaitable<stores::commit_result> process_store::commit(stores::commit_request r)
{
    co_await p_.w.step(p_);
    const bool only_intent = r.entries.size() == 1 && r.entries.front().kind == "intent";
    if (p_.w.off == rule::intent_first && only_intent) {
        p_.held_back = std::move(r.entries);
        ++p_.skipped;
        stores::commit_result done;
        done.outcome = stores::commit_outcome::committed;
        co_return done;
    }
    r.entries.insert(r.entries.begin(), p_.held_back.begin(), p_.held_back.end());
    p_.held_back.clear();
    r.calls.insert(r.calls.end(), p_.held_calls.begin(), p_.held_calls.end());
    p_.held_calls.clear();
    r.expected_rev -= p_.skipped;
    if (p_.w.off == rule::fence) {
        r.fence = co_await fence_now(r.run_id, r.fence);
        for (stores::log_entry& entry : r.entries)
            entry.fence = r.fence;
    }
    const std::string run_id = r.run_id;
    stores::commit_result result = co_await to_->commit(std::move(r));
    co_await look_at_run(run_id);
    co_await p_.w.step(p_);
    co_return result;
}

inline asio::awaitable<stores::append_result> process_store::append_call(stores::append_request r)
{
    co_await p_.w.step(p_);
    const bool is_start = r.records.front().kind == stores::call_record_kind::start;
    const bool is_result = r.records.front().body.find("\"ok\"") != std::string::npos;
    stores::append_result result;
    result.outcome = stores::append_outcome::inserted;
    if (p_.w.off == rule::start_record && is_start)
        co_return result;
    const std::string run_id = r.run_id;
    const core::call_key key = core::core_key(r.records.front().key);
    if (p_.w.off == rule::finish_record && !is_start) {
        p_.held_calls.push_back(r.records.front());
        p_.w.finished.insert(core::idempotency_key(run_id, key));
        co_return result;
    }
    r.fence = co_await fence_now(r.run_id, r.fence);
    result = co_await to_->append_call(std::move(r));
    co_await look_at_run(run_id);
    if (is_result && result.outcome == stores::append_outcome::inserted)
        p_.w.finished.insert(core::idempotency_key(run_id, key));
    co_await p_.w.step(p_);
    co_return result;
}

}  // namespace test
