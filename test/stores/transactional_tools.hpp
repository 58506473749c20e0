#pragma once

#include <dedalus/stores/run_store.hpp>
#include <dedalus/stores/store_error.hpp>

#include "stores/forwarding_store.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace test {

/// Where a tool has its effect: a table in the database of the runs, over a connection of the tool.
class shop
{
public:
    virtual ~shop() = default;
    virtual void begin() = 0;
    virtual void buy(const std::string& key) = 0;  ///< the effect
    virtual void append(const stores::append_request& finish) = 0;
    virtual void commit() = 0;
    virtual void rollback() = 0;
    virtual int bought() = 0;
};

/// The store as a process has it that may die: from then on it does nothing.
class mortal_store final : public forwarding_store
{
public:
    using forwarding_store::forwarding_store;

    awaitable<stores::append_result> append_call(stores::append_request r) override
    {
        look();
        return to_->append_call(std::move(r));
    }

    awaitable<stores::commit_result> commit(stores::commit_request r) override
    {
        look();
        return to_->commit(std::move(r));
    }

    awaitable<stores::lease_outcome> release(stores::release_request r) override
    {
        if (dead)
            r.fence = 0;
        return to_->release(std::move(r));
    }

    bool dead = false;

private:
    void look() const
    {
        if (dead)
            throw std::runtime_error("killed");
    }
};

/// A run with one call of a transactional tool, in a store beside its shop.
struct shopping
{
    enum class fate
    {
        none,
        dies_before_commit,
        dies_after_commit,
        fails_after_commit,
        loses_run,
    };

    shopping(std::shared_ptr<dedalus::run_store> kept, shop& in) : store(std::move(kept)), shop_of_tool(in)
    {
        s.add("buy", {.effect = dedalus::tool_effect::transactional}, [this](json::object, dedalus::tool_context& c) {
            return buy(*this, c);
        });
        s.says(asks("[" + pending_call("a", "buy") + "]"));
        s.says(ends());
    }

    /// Another owner takes the run while its first one still believes to have it.
    asio::awaitable<void> take_over(std::int64_t fence)
    {
        stores::release_request release;
        release.run_id = "r1";
        release.fence = fence;
        co_await store->release(std::move(release));
        stores::acquire_request acquire;
        acquire.run_id = "r1";
        acquire.owner = "other";
        acquire.op_id = "other/1";
        const stores::acquire_result taken = co_await store->acquire(std::move(acquire));
        CHECK(taken.outcome == stores::acquire_outcome::acquired);
    }

    static asio::awaitable<json::value> buy(shopping& of, dedalus::tool_context& context)  // borrowed: of
    {
        of.s.log.push_back(context.idempotency_key());
        const fate now = std::exchange(of.next, fate::none);
        if (now == fate::loses_run)
            co_await of.take_over(context.fence());
        of.last = context.finish_record("bought");
        of.shop_of_tool.begin();
        try {
            of.shop_of_tool.buy(context.idempotency_key());
            of.shop_of_tool.append(of.last);
        }
        catch (const dedalus::store_error& e) {
            of.refused = e.reason() == dedalus::store_errc::refused;
            of.shop_of_tool.rollback();
            throw;
        }
        if (now == fate::dies_before_commit)
            of.shop_of_tool.rollback();
        else
            of.shop_of_tool.commit();
        of.process->dead = now == fate::dies_before_commit || now == fate::dies_after_commit;
        if (now == fate::fails_after_commit)
            throw std::runtime_error("the receipt cannot be printed");
        co_return "bought";
    }

    dedalus::run_result run()
    {
        process = std::make_shared<mortal_store>(store);
        auto input = s.input();
        input->store = process;
        return run_coro(durable_scene::follow(input, s.stop));
    }

    durable_scene s;
    std::shared_ptr<dedalus::run_store> store;
    shop& shop_of_tool;
    std::shared_ptr<mortal_store> process;
    fate next = fate::none;
    stores::append_request last;
    bool refused = false;
};

/// Ends the lease of a process that died.
inline void wait_for_lease(shopping& of)
{
    stores::release_request release;
    release.run_id = "r1";
    release.fence = of.last.fence;
    run_coro(of.store->release(std::move(release)));
}

inline void check_crash_after_commit(shopping& of)
{
    of.next = shopping::fate::dies_after_commit;
    CHECK_THROWS_AS(of.run(), std::runtime_error);
    wait_for_lease(of);
    const dedalus::run_result r = of.run();
    CHECK(r.tool_results.at(0).content == "bought");
    CHECK(of.s.log.size() == 1);
    CHECK(of.shop_of_tool.bought() == 1);
}

inline void check_crash_before_commit(shopping& of)
{
    of.next = shopping::fate::dies_before_commit;
    CHECK_THROWS_AS(of.run(), std::runtime_error);
    CHECK(of.shop_of_tool.bought() == 0);
    wait_for_lease(of);
    CHECK(of.run().tool_results.at(0).content == "bought");
    CHECK(of.s.log.size() == 2);
    CHECK(of.shop_of_tool.bought() == 1);
}

inline void check_stale_owner(shopping& of)
{
    of.next = shopping::fate::loses_run;
    CHECK(of.run().stop_reason == dedalus::stop_reason::fenced);
    CHECK(of.refused);
    CHECK(of.shop_of_tool.bought() == 0);
}

inline void check_failure_after_commit(shopping& of)
{
    of.next = shopping::fate::fails_after_commit;
    const dedalus::run_result r = of.run();
    CHECK(r.tool_results.at(0).outcome == dedalus::tool_outcome::ok);
    CHECK(r.tool_results.at(0).content == "bought");
    CHECK(of.shop_of_tool.bought() == 1);
}

template <class Action>
dedalus::store_errc reason_of(Action action)
{
    try {
        action();
    }
    catch (const dedalus::store_error& e) {
        return e.reason();
    }
    FAIL("nothing was thrown");
    return {};
}

inline void check_refusals(shopping& of)
{
    of.run();
    CHECK(reason_of([&] { of.shop_of_tool.append(of.last); }) == dedalus::store_errc::invalid_argument);
    of.shop_of_tool.begin();
    of.shop_of_tool.append(of.last);  // the same once more changes nothing
    stores::append_request other = of.last;
    other.op_id = "other";
    CHECK(reason_of([&] { of.shop_of_tool.append(other); }) == dedalus::store_errc::refused);
    stores::append_request start = of.last;
    start.records.front().kind = stores::call_record_kind::start;
    CHECK(reason_of([&] { of.shop_of_tool.append(start); }) == dedalus::store_errc::invalid_argument);
    of.shop_of_tool.rollback();
}

}  // namespace test
