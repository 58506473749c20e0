#include <dedalus/handoff/blocking_tool.hpp>

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"
#include "support/handoff_scene.hpp"

#include <boost/asio/thread_pool.hpp>
#include <boost/describe.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace blocking_tool_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::tool_outcome;
using std::chrono::milliseconds;
using test::call;
using test::handoff_answer;
using test::scene;
using test::text_answer;

struct sum_arguments
{
    int a = 0;
    int b = 0;
};
BOOST_DESCRIBE_STRUCT(sum_arguments, (), (a, b))

TEST_CASE("blocking tools run at once, as many as the pool has threads, and on none of the client's")
{
    scene s;
    asio::thread_pool pool(2);
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    std::atomic<bool> elsewhere{true};
    const auto here = std::this_thread::get_id();
    auto block = [&](json::object, dedalus::tool_context& context) {
        const int now = ++running;
        int seen = most.load();
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
        if (std::this_thread::get_id() == here)
            elsewhere = false;
        context.progress("half");
        // Until another one is there, too: with one thread this would never end. The last of three need not wait.
        while (most.load() < 2)
            std::this_thread::yield();
        --running;
        return json::value(context.call_id() + " done");
    };
    s.add("block", dedalus::blocking_tool(pool, block));
    s.says(handoff_answer("[" + call("a", "block") + "," + call("b", "block") + "," + call("c", "block") + "]"));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(most == 2);
    CHECK(elsewhere);
    for (const dedalus::tool_result& result : r.tool_results)
        CHECK(result.content == result.call_id + " done");
    pool.join();
}

TEST_CASE("a blocking tool may take a described struct, give one, or nothing, and throw")
{
    scene s;
    asio::thread_pool pool(1);
    auto sum = [](sum_arguments arguments, dedalus::tool_context&) { return arguments.a + arguments.b; };
    auto nothing = [](sum_arguments, dedalus::tool_context&) {};
    auto fail = [](sum_arguments, dedalus::tool_context&) -> int { throw std::runtime_error("no sum"); };
    s.tools.add("sum", "", dedalus::blocking_tool(pool, sum));
    s.tools.add("nothing", "", dedalus::blocking_tool(pool.get_executor(), nothing));
    s.tools.add("fail", "", dedalus::blocking_tool(pool, fail));
    const std::string arguments = R"(,"arguments":{"a":1,"b":2}})";
    s.says(handoff_answer(
        R"([{"id":"x","name":"sum")" + arguments + R"(,{"id":"y","name":"nothing")" + arguments +
        R"(,{"id":"z","name":"fail")" + arguments + "]"
    ));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(r.tool_results.at(0).content == "3");
    CHECK(r.tool_results.at(1).content == "ok");
    CHECK(r.tool_results.at(2).content == "Error: no sum");
    pool.join();
}

TEST_CASE("a blocking tool whose time limit passes is asked to stop, and the run ends when it has returned")
{
    scene s;
    asio::thread_pool pool(1);
    std::atomic<bool> returned{false};
    auto wait = [&returned](json::object, dedalus::tool_context& context) {
        while (!context.stop_requested())
            std::this_thread::sleep_for(milliseconds(1));
        returned = true;
        return json::value("too late");
    };
    s.add("wait", dedalus::blocking_tool(pool, wait), {.timeout = milliseconds(5)});
    s.says(handoff_answer("[" + call("a", "wait") + "]"));
    s.says(text_answer("Done."));
    const dedalus::run_result r = s.run();
    CHECK(returned);
    CHECK(r.tool_results.at(0).outcome == tool_outcome::timeout);
    pool.join();
}

}  // namespace blocking_tool_test
