#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/stores/memory.hpp>
#include <dedalus/stores/run_store.hpp>

#include "codec/decode_chat.hpp"
#include "codec/encode_chat_request.hpp"
#include "handoff/durable_run.hpp"
#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_driver.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace test {

namespace asio = boost::asio;
namespace core = dedalus::handoff_core;
namespace engine = dedalus::handoff_engine;
namespace json = boost::json;
namespace stores = dedalus::stores;

/// What kills a process at one of its steps.
struct crash
{};

/// A rule that a test switches off, to see that it is needed.
enum class rule
{
    none,
    start_record,     ///< the start of a call is in the store before the call starts
    effect_class,     ///< a call of class `once` is not started again
    finish_record,    ///< the end of each call is in the store when it is there
    fence,            ///< a former owner cannot write
    lease_check,      ///< a former owner starts nothing
    intent_first,     ///< a request is in the store before it is sent
    fence_in_append,  ///< neither the start nor the end of a call is written by a former owner
};

class world;

/// One process that follows the run, and what happens to it.
struct process
{
    process(world& owner, std::size_t number) : w(owner), id(number) {}

    world& w;
    std::size_t id;
    std::size_t steps = 0;
    std::size_t crash_at = 0;  ///< 0: never
    std::size_t pause_at = 0;
    bool dead = false;
    bool paused = false;
    bool ended = false;
    std::exception_ptr failure{};
    std::optional<dedalus::run_result> result{};
    std::chrono::steady_clock::time_point began{};
    std::vector<stores::log_entry> held_back{};     ///< with a rule off
    std::vector<stores::call_record> held_calls{};  ///< likewise
    std::int64_t skipped = 0;                       ///< commits that were held back
    std::shared_ptr<engine::run_stop> stop = std::make_shared<engine::run_stop>();
    std::shared_ptr<asio::steady_timer> gate{};
};

/// A server, tools and a store, in which processes come and go. Time passes when it is told to.
class world
{
public:
    world() { store = std::make_shared<dedalus::memory_run_store>(with_clock()); }

    dedalus::memory_store_options with_clock()
    {
        dedalus::memory_store_options options;
        options.clock = [this] { return core::stored_time(system_now()); };
        return options;
    }

    std::chrono::system_clock::time_point system_now() const
    {
        return std::chrono::system_clock::time_point(std::chrono::hours(400000)) + passed;
    }

    /// Where something can happen to a process.
    asio::awaitable<void> step(process& p)  // borrowed
    {
        if (p.dead)
            throw crash{};
        ++p.steps;
        if (p.steps == p.crash_at) {
            p.dead = true;
            throw crash{};
        }
        if (p.steps != p.pause_at)
            co_return;
        p.paused = true;
        p.gate = std::make_shared<asio::steady_timer>(context, asio::steady_timer::time_point::max());
        boost::system::error_code ignored;
        co_await p.gate->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        p.paused = false;
    }

    /// What the people do about the calls that wait: they let "book" run, and "pay" with other arguments.
    void decide();

    process& add_process();
    std::shared_ptr<const engine::durable_input> input(process& p);
    void begin(process& p);

    /// Runs until the process has ended or is paused.
    void run(process& p)
    {
        while (!p.ended && !p.paused) {
            context.restart();
            if (context.poll_one() == 0)
                throw std::runtime_error("a process hangs");
        }
    }

    void go_on(process& p)
    {
        p.gate->cancel();
        p.paused = false;
        run(p);
    }

    std::chrono::milliseconds passed{};
    asio::io_context context;
    std::shared_ptr<dedalus::memory_run_store> store;
    std::vector<std::unique_ptr<process>> processes;
    rule off = rule::none;
    int max_turns = 20;
    bool people = false;  ///< "book", "pay" and "mail" need an approval; that of "mail" never comes, and expires
    dedalus::unknown_outcome_policy on_unknown_outcome = dedalus::unknown_outcome_policy::tell_model;

    // What happened outside.
    std::map<std::string, int> effects;                     ///< by idempotency key
    std::map<std::string, dedalus::tool_effect> classes;    ///< likewise
    std::map<std::string, std::set<std::string>> requests;  ///< bodies by request key
    std::vector<std::string> bodies;
    std::set<std::string> finished;  ///< calls whose end was acknowledged
    std::int64_t llm_turns = 0;
    int late_starts = 0;  ///< of tools, by a former owner
    std::vector<std::string> violations;
};

/// The store as one process sees it: each operation is two steps, before and after it is done.
class process_store final : public dedalus::run_store
{
public:
    explicit process_store(process& p) : p_(p), inner_(p.w.store) {}

    asio::awaitable<void> migrate() override { return inner_->migrate(); }

    asio::awaitable<int> schema_version() override { return inner_->schema_version(); }

    asio::awaitable<stores::create_outcome> create(stores::create_request r) override
    {
        co_await p_.w.step(p_);
        const stores::create_outcome outcome = co_await inner_->create(std::move(r));
        co_await p_.w.step(p_);
        co_return outcome;
    }

    asio::awaitable<stores::load_result> load(stores::load_request r) override
    {
        stores::load_result result = co_await inner_->load(std::move(r));
        co_await p_.w.step(p_);
        co_return result;
    }

    asio::awaitable<stores::acquire_result> acquire(stores::acquire_request r) override
    {
        co_await p_.w.step(p_);
        stores::acquire_result result = co_await inner_->acquire(std::move(r));
        co_await p_.w.step(p_);
        co_return result;
    }

    asio::awaitable<stores::renew_result> renew(stores::renew_request r) override
    {
        co_await p_.w.step(p_);
        stores::renew_result result = co_await inner_->renew(std::move(r));
        co_await p_.w.step(p_);
        co_return result;
    }

    asio::awaitable<stores::lease_outcome> release(stores::release_request r) override
    {
        co_await p_.w.step(p_);
        co_return co_await inner_->release(std::move(r));
    }

    asio::awaitable<stores::commit_result> commit(stores::commit_request r) override;
    asio::awaitable<stores::append_result> append_call(stores::append_request r) override;

    asio::awaitable<stores::post_outcome> post(stores::post_request r) override { return inner_->post(std::move(r)); }

    asio::awaitable<stores::late_outcome> put_late_result(stores::late_request r) override
    {
        return inner_->put_late_result(std::move(r));
    }

    asio::awaitable<std::vector<std::string>> list_resumable(stores::run_filter f) override
    {
        return inner_->list_resumable(std::move(f));
    }

    asio::awaitable<stores::list_page> list(stores::list_query q) override { return inner_->list(std::move(q)); }

    asio::awaitable<stores::remove_outcome> remove(std::string run_id, bool must_be_terminal) override
    {
        return inner_->remove(std::move(run_id), must_be_terminal);
    }

private:
    asio::awaitable<std::int64_t> fence_now(std::string run_id, std::int64_t claimed);

    process& p_;
    std::shared_ptr<dedalus::memory_run_store> inner_;
};

/// What a store does that does not look at fences: it takes the writer for the owner.
inline asio::awaitable<std::int64_t> process_store::fence_now(std::string run_id, std::int64_t claimed)
{
    if (p_.w.off != rule::fence && p_.w.off != rule::fence_in_append)
        co_return claimed;
    stores::load_request request;
    request.run_id = std::move(run_id);
    const stores::load_result loaded = co_await inner_->load(std::move(request));
    co_return loaded.run.fence;
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
    stores::commit_result result = co_await inner_->commit(std::move(r));
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
    result = co_await inner_->append_call(std::move(r));
    if (is_result && result.outcome == stores::append_outcome::inserted)
        p_.w.finished.insert(core::idempotency_key(run_id, key));
    co_await p_.w.step(p_);
    co_return result;
}

}  // namespace test
