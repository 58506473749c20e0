#include <dedalus/stores/store_error.hpp>

#include "stores/forwarding_store.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace durable_outage_test {

namespace asio = boost::asio;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::store_errc;
using dedalus::store_error;
using dedalus::tool_effect;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using names = std::vector<std::string>;

namespace {

/// Is away for so many records of ends, and slow to renew a lease for so many times.
class troubled_store final : public test::forwarding_store
{
public:
    explicit troubled_store(durable_scene& s) : forwarding_store(s.store), s_(s) {}

    awaitable<stores::append_result> append_call(stores::append_request r) override
    {
        const bool ends = std::ranges::any_of(r.records, [](const stores::call_record& record) {
            return record.kind == stores::call_record_kind::finish;
        });
        if (ends && away-- > 0)
            throw store_error(store_errc::unavailable, "away");
        co_return co_await to_->append_call(std::move(r));
    }

    awaitable<stores::renew_result> renew(stores::renew_request r) override
    {
        ++renewals;
        const stores::renew_result result = co_await to_->renew(std::move(r));
        if (slow-- > 0)
            s_.passed += s_.lease * 2;
        co_return result;
    }

    int away = 0;
    int slow = 0;
    int renewals = 0;

private:
    durable_scene& s_;
};

/// One call, which takes so many tenths of the lease.
std::shared_ptr<troubled_store> prepare(durable_scene& s, int tenths)
{
    s.add("act", {.effect = tool_effect::once}, [&s, tenths](boost::json::object, dedalus::tool_context& context) {
        s.passed += s.lease * tenths / 10;
        return s.work(context.call_id());
    });
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
    return std::make_shared<troubled_store>(s);
}

asio::awaitable<boost::json::value> wait_for_ever(durable_scene& s, std::string id)  // borrowed: s
{
    s.log.push_back(std::move(id));
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
    co_return nullptr;
}

dedalus::run_result run_in(durable_scene& s, std::shared_ptr<dedalus::run_store> store)
{
    auto in = s.input();
    in->store = std::move(store);
    return test::run_coro(durable_scene::follow(std::move(in), s.stop));
}

}  // namespace

TEST_CASE("A store that comes back before the lease has ended costs nothing that was done")
{
    durable_scene s;
    s.lease = std::chrono::hours(1);
    const auto store = prepare(s, 0);
    store->away = 6;
    const dedalus::run_result done = run_in(s, store);
    CHECK(done.phase == run_phase::completed);
    CHECK(done.tool_results.at(0).content == "a done");
    CHECK(s.log == names{"a"});
}

TEST_CASE("What a tool gave is told, and left for who goes on, when its record cannot be written")
{
    durable_scene s;
    const auto store = prepare(s, 0);
    s.script.front().body = asks("[" + pending_call("a", "act") + "," + pending_call("b", "wait") + "]");
    s.add("wait", {.effect = tool_effect::pure}, [&s](boost::json::object, dedalus::tool_context& context) {
        return s.log.size() < 2 ? wait_for_ever(s, context.call_id()) : s.work(context.call_id());
    });
    s.lease = std::chrono::milliseconds(100);
    store->away = 1000;
    try {
        run_in(s, store);
        FAIL("the run went on");
    }
    catch (const store_error& e) {
        CHECK(e.reason() == store_errc::unavailable);
        REQUIRE(e.partial_run());
        CHECK(e.partial_run()->phase == run_phase::suspended);
        REQUIRE(e.partial_run()->tool_results.size() == 1);
        CHECK(e.partial_run()->tool_results[0].content == "a done");
    }
    CHECK(std::ranges::any_of(s.stored().late, [](const auto& late) { return late.key.call_id == "a"; }));
    s.passed += std::chrono::minutes(1);
    CHECK(s.run().phase == run_phase::completed);
    CHECK(std::ranges::count(s.log, "a") == 1);
    CHECK(std::ranges::count(s.log, "b") == 2);
}

TEST_CASE("A lease that has ended when its renewal is told is renewed again before anything is begun")
{
    durable_scene s;
    const auto store = prepare(s, 9);
    SECTION("once")
    {
        store->slow = 1;
        CHECK(run_in(s, store).phase == run_phase::completed);
        CHECK(store->renewals == 2);
    }
    SECTION("and not for ever")
    {
        store->slow = 1000;
        CHECK_THROWS_AS(run_in(s, store), store_error);
        CHECK(s.sent.size() == 1);
    }
}

}  // namespace durable_outage_test
