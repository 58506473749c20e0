#include <dedalus/stores/postgres.hpp>

#include "stores/postgres_scene.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace postgres_outage_test {

namespace asio = boost::asio;
namespace json = boost::json;
using test::asks;
using test::durable_scene;
using test::ends;
using test::pending_call;

namespace {

/// Its server dies while it runs, and comes back a while after its end.
asio::awaitable<json::value>
outlive_server(durable_scene& s, test::postgres_server& server, std::string id)  // borrowed: s, server
{
    server.stop();
    const auto later =
        std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, std::chrono::milliseconds(500));
    later->async_wait([later, &s, &server](const boost::system::error_code&) {
        s.log.emplace_back("restarted");
        server.start();
    });
    co_return co_await s.work(std::move(id));
}

}  // namespace

TEST_CASE("a run whose PostgreSQL server is away for a while when a tool ends waits for it, and keeps what it gave")
{
    test::postgres_server server;
    test::postgres_scene& scene = test::postgres_scene::get();
    durable_scene s;
    s.add("act", {.effect = dedalus::tool_effect::once}, [&](json::object, dedalus::tool_context& context) {
        return outlive_server(s, server, context.call_id());
    });
    s.says(asks("[" + pending_call("a", "act") + "]"));
    s.says(ends());
    auto input = s.input();
    const std::shared_ptr<dedalus::postgres_run_store> store = scene.open(server.new_database());
    scene.run(store->migrate());
    input->store = store;
    input->clocks.steady = [] { return std::chrono::steady_clock::now(); };
    input->clocks.system = [] { return std::chrono::system_clock::now(); };
    const dedalus::run_result done = test::run_coro(durable_scene::follow(std::move(input), s.stop));

    CHECK(done.phase == dedalus::run_phase::completed);
    CHECK(done.tool_results.at(0).content == "a done");
    CHECK(s.log == std::vector<std::string>{"a", "restarted"});
    dedalus::stores::load_request request;
    request.run_id = "r1";
    const dedalus::stores::load_result kept = scene.run(store->load(std::move(request)));
    CHECK(kept.run.head.phase == dedalus::run_phase::completed);
}

}  // namespace postgres_outage_test
