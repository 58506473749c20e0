#include "handoff/tool_lanes.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace tool_lanes_test {

namespace asio = boost::asio;
namespace core = dedalus::handoff_core;
namespace json = boost::json;
using test::durable_scene;
using test::pending_call;

namespace {

/// How many calls of each tool run, and of all.
struct counter
{
    std::map<std::string, std::size_t> running;
    std::map<std::string, std::size_t> most;

    void enter(const std::string& name) { most[name] = std::max(most[name], ++running[name]); }

    void leave(const std::string& name) { --running[name]; }
};

asio::awaitable<json::value> work(counter& c, std::string name)  // borrowed: c
{
    c.enter(name);
    c.enter("all");
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    for (int i = 0; i < 5; ++i)
        co_await asio::post(executor, asio::use_awaitable);
    c.leave("all");
    c.leave(name);
    co_return "done";
}

}  // namespace

TEST_CASE("Calls of one group run one at a time, those of a tool as many as it takes, and others beside them")
{
    durable_scene s;
    counter c;
    const auto add = [&](const std::string& name, dedalus::tool_options options) {
        s.add(name, std::move(options), [&c, name](json::object, dedalus::tool_context&) { return work(c, name); });
    };
    add("click", {.group = "browser"});
    add("type", {.group = "browser"});
    add("fetch", {.max_concurrency = 2});
    add("free", {});
    std::string calls = "[";
    for (const char* name : {"click", "type", "fetch", "free"}) {
        for (const char* number : {"1", "2", "3"})
            calls += (calls == "[" ? "" : ",") + pending_call(name + std::string(number), name);
    }
    s.says(test::asks(calls + "]"));
    s.says(test::ends());
    CHECK(s.run().phase == dedalus::run_phase::completed);
    CHECK(c.most["click"] == 1);
    CHECK(c.most["type"] == 1);
    CHECK(c.most["fetch"] == 2);
    CHECK(c.most["free"] == 3);
    CHECK(c.most["all"] == 6);  // one of the group, two of "fetch", three of "free"
}

TEST_CASE("A tool that nothing limits has no lane, and one that could never run is refused")
{
    durable_scene s;
    s.add("free", {});
    CHECK(core::lanes_of(s.tools, "free").empty());
    CHECK(core::lanes_of(s.tools, "unknown").empty());
    s.add("click", {.max_concurrency = 4, .group = "browser"});
    REQUIRE(core::lanes_of(s.tools, "click").size() == 2);
    CHECK(core::lanes_of(s.tools, "click")[0].limit == 1);
    CHECK(core::lanes_of(s.tools, "click")[1].limit == 4);
    CHECK_THROWS_AS(s.add("never", {.max_concurrency = 0}), dedalus::config_error);
}

}  // namespace tool_lanes_test
