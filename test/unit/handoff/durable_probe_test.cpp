#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace durable_probe_test {

namespace json = boost::json;
using dedalus::stop_reason;
using dedalus::tool_effect;
using test::durable_scene;
using test::ends;
using test::leave_started;
using names = std::vector<std::string>;

namespace {

boost::asio::awaitable<std::optional<json::value>> found(std::string key)
{
    co_return json::value("found " + key);
}

boost::asio::awaitable<std::optional<json::value>> not_found(std::string)
{
    co_return std::nullopt;
}

boost::asio::awaitable<std::optional<json::value>> no_answer(std::string)
{
    throw std::runtime_error("not reachable");
    co_return std::nullopt;
}

boost::asio::awaitable<std::optional<json::value>> never(std::shared_ptr<test::engine::run_stop> stop)
{
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    if (stop)
        boost::asio::post(timer.get_executor(), [stop] { stop->now(); });
    timer.expires_at(boost::asio::steady_timer::time_point::max());
    co_await timer.async_wait(boost::asio::use_awaitable);
    co_return std::nullopt;
}

}  // namespace

TEST_CASE("A probe decides whether a call that was started runs again")
{
    durable_scene s;
    SECTION("it took effect")
    {
        leave_started(s, tool_effect::probe, found);
        s.says(ends());
        CHECK(s.run().tool_results[0].content == "found r1/a");
        CHECK(s.log == names{"a"});
    }
    SECTION("it did not")
    {
        leave_started(s, tool_effect::probe, not_found);
        s.says(ends());
        CHECK(s.run().tool_results[0].content == "a done");
        CHECK(s.log == names{"a", "a"});
    }
    SECTION("nobody knows")
    {
        leave_started(s, tool_effect::probe, no_answer);
        CHECK(s.run().stop_reason == stop_reason::unknown_tool_outcome);
        CHECK(s.log == names{"a"});
    }
}

TEST_CASE("A probe that does not answer is bounded by the time limit of its tool")
{
    durable_scene s;
    leave_started(
        s, tool_effect::probe, [](const std::string&) { return never(nullptr); }, std::chrono::milliseconds(20)
    );
    CHECK(s.run().stop_reason == stop_reason::unknown_tool_outcome);
    CHECK(s.log == names{"a"});
}

TEST_CASE("A run that is stopped while it asks a probe asks again when it is resumed")
{
    durable_scene s;
    int asked = 0;
    leave_started(s, tool_effect::probe, [&](std::string key) {
        if (++asked > 1)
            return found(std::move(key));
        return never(s.stop);
    });
    const dedalus::run_result stopped = s.run();
    CHECK(stopped.stop_reason == stop_reason::stopped);
    CHECK(stopped.unknown_outcomes.empty());
    s.stop = std::make_shared<test::engine::run_stop>();
    s.says(ends());
    CHECK(s.run().tool_results.at(0).content == "found r1/a");
    CHECK(s.log == names{"a"});
}

}  // namespace durable_probe_test
