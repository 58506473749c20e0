#include "stores/forwarding_store.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace durable_stop_test {

namespace asio = boost::asio;
namespace json = boost::json;
namespace stores = dedalus::stores;
using dedalus::run_phase;
using dedalus::stop_reason;
using dedalus::tool_effect;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;
using test::run_coro;
using names = std::vector<std::string>;

namespace {

/// Asks the run to stop while the store is in the middle of its nth write.
class stopping_store final : public test::forwarding_store
{
public:
    stopping_store(std::shared_ptr<dedalus::run_store> to, std::shared_ptr<test::engine::run_stop> stop, int nth)
        : forwarding_store(std::move(to)), stop_(std::move(stop)), left_(nth)
    {}

    awaitable<stores::create_outcome> create(stores::create_request r) override
    {
        const stores::create_outcome outcome = co_await to_->create(std::move(r));
        count();
        co_return outcome;
    }

    awaitable<stores::acquire_result> acquire(stores::acquire_request r) override
    {
        const stores::acquire_result result = co_await to_->acquire(std::move(r));
        count();
        co_return result;
    }

    awaitable<stores::commit_result> commit(stores::commit_request r) override
    {
        const stores::commit_result result = co_await to_->commit(std::move(r));
        count();
        co_return result;
    }

    awaitable<stores::append_result> append_call(stores::append_request r) override
    {
        stores::append_result result = co_await to_->append_call(std::move(r));
        count();
        co_return result;
    }

    bool met() const noexcept { return left_ <= 0; }

private:
    void count()
    {
        if (--left_ == 0)
            stop_->now();
    }

    std::shared_ptr<test::engine::run_stop> stop_;
    int left_;
};

/// Begins, asks to stop as soon as it runs, and waits to be cancelled.
asio::awaitable<json::value> stop_and_wait(durable_scene& s, std::string id)  // borrowed: s
{
    s.log.push_back(std::move(id));
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::post(executor, [stop = s.stop] { stop->now(); });
    asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
    co_return nullptr;
}

/// A tool that stops its run in the middle of it the first time, and does its work the second time.
void add_stopped(durable_scene& s, tool_effect effect)
{
    s.add("act", {.effect = effect}, [&s](json::object, dedalus::tool_context& context) {
        return s.log.empty() ? stop_and_wait(s, context.call_id()) : s.work(context.call_id());
    });
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
}

std::string lease_owner(durable_scene& s)
{
    return run_coro(s.store->list(stores::list_query())).runs.at(0).lease_owner;
}

/// Stops its run, ignores its cancellation, and ends when nobody has the run any more.
asio::awaitable<json::value> outlive_lease(durable_scene& s)  // borrowed: s
{
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    s.stop->now();
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int i = 0; i < 5000; ++i) {
        timer.expires_after(std::chrono::milliseconds(1));
        co_await timer.async_wait(asio::use_awaitable);
        stores::list_query all;
        const stores::list_page page = co_await s.store->list(std::move(all));
        if (page.runs.at(0).lease_owner.empty()) {
            s.log.emplace_back("released");
            break;
        }
    }
    co_return "done after all";
}

}  // namespace

TEST_CASE("A tool that ignores its cancellation keeps neither the lease nor a stopped run, and its result is kept")
{
    durable_scene s;
    s.grace = std::chrono::milliseconds(5);
    s.add("act", {.effect = tool_effect::once}, [&s](json::object, dedalus::tool_context&) {
        return outlive_lease(s);
    });
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
    CHECK(s.run().stop_reason == stop_reason::stopped);
    CHECK(s.log == names{"released"});
    s.stop = std::make_shared<test::engine::run_stop>();
    const dedalus::run_result next = s.run();
    CHECK(next.phase == run_phase::completed);
    CHECK(next.tool_results.at(0).content == "done after all");
    CHECK(s.log == names{"released"});
}

TEST_CASE("A run that is stopped while a tool runs that may run twice is suspended, and runs it again")
{
    durable_scene s;
    add_stopped(s, GENERATE(tool_effect::pure, tool_effect::keyed, tool_effect::transactional));
    const dedalus::run_result stopped = s.run();
    CHECK(stopped.phase == run_phase::suspended);
    CHECK(stopped.stop_reason == stop_reason::stopped);
    CHECK(s.stored().head.phase == run_phase::suspended);
    CHECK(lease_owner(s).empty());
    s.stop = std::make_shared<test::engine::run_stop>();
    const dedalus::run_result done = s.run();
    CHECK(done.phase == run_phase::completed);
    CHECK(done.resumes == 1);
    CHECK(s.log == names{"a", "a"});
}

TEST_CASE("A once tool that was running when its run was stopped is judged when somebody goes on")
{
    durable_scene s;
    add_stopped(s, tool_effect::once);
    CHECK(s.run().stop_reason == stop_reason::stopped);
    CHECK(lease_owner(s).empty());
    s.stop = std::make_shared<test::engine::run_stop>();
    CHECK(s.run().stop_reason == stop_reason::unknown_tool_outcome);
    CHECK(run_coro(s.inbox().provide_result("r1", "a", "it was done")) == stores::post_outcome::accepted);
    CHECK(s.run().phase == run_phase::completed);
    CHECK(s.log == names{"a"});
}

TEST_CASE("A stop during any write lets the write end, and the run goes on from there without doing anything twice")
{
    int nth = 1;
    for (bool met = true; met; ++nth) {
        INFO("stopped in write " << nth);
        durable_scene s;
        s.add("act", {.effect = tool_effect::once});
        s.says(asks("[" + pending_call("a", "act") + "]"));
        s.says(ends());
        const auto store = std::make_shared<stopping_store>(s.store, s.stop, nth);
        auto input = s.input();
        input->store = store;
        const dedalus::run_result first = run_coro(durable_scene::follow(input, s.stop));
        met = store->met();
        CHECK((first.stop_reason == stop_reason::stopped || first.phase == run_phase::completed));
        CHECK(lease_owner(s).empty());
        s.stop = std::make_shared<test::engine::run_stop>();
        CHECK(s.run().phase == run_phase::completed);
        CHECK(s.log == names{"a"});
        CHECK(s.sent.size() == 2);
    }
    CHECK(nth > 8);
}

}  // namespace durable_stop_test
