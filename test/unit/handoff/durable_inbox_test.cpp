#include "support/catch.hpp"
#include "support/durable_scene.hpp"

#include <string>
#include <vector>

namespace durable_inbox_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::stop_reason;
using dedalus::stores::post_outcome;
using test::asks;
using test::durable_scene;
using test::pending_call;
using test::run_coro;
using test::waiting_run;

namespace {

// A tool that looks at the calls that wait while it runs.
asio::awaitable<json::value>
list_waiting(durable_scene& s /* borrowed */, std::vector<dedalus::waiting_call>& listed /* borrowed */)
{
    const dedalus::run_inbox inbox = s.inbox();
    listed = co_await inbox.list_waiting();
    co_return nullptr;
}

}  // namespace

TEST_CASE("Messages are refused by a run that has no turn left to send them in")
{
    durable_scene s;
    s.definition.max_turns = 2;
    waiting_run(s);
    std::vector<dedalus::message> added;
    added.emplace_back(dedalus::user_message{"And hurry."});
    CHECK(run_coro(s.inbox().add_input("r1", added)) == post_outcome::accepted);
    CHECK(run_coro(s.inbox().approve("r1", "a")) == post_outcome::accepted);
    s.says(asks("[" + pending_call("b", "book") + "]"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    CHECK(run_coro(s.inbox().add_input("r1", added)) == post_outcome::refused);
    CHECK(run_coro(s.inbox().add_input("no such run", added)) == post_outcome::refused);
}

TEST_CASE("Calls that wait are listed while others of their turn still run")
{
    durable_scene s;
    std::vector<dedalus::waiting_call> listed;
    s.add("book", {.needs_approval = true});
    s.add("look", {}, [&](json::object, dedalus::tool_context&) { return list_waiting(s, listed); });
    s.says(asks("[" + pending_call("a", "book") + "," + pending_call("b", "look") + "]"));
    CHECK(s.run().stop_reason == stop_reason::approval);
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].call_id == "a");
    CHECK(run_coro(s.inbox().list_waiting()).size() == 1);
}

}  // namespace durable_inbox_test
