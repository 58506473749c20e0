#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/stores/memory.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace handoff_profile_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::run_phase;
using dedalus::testing::server;

namespace {

asio::awaitable<json::value> answer_with(std::string text)
{
    co_return json::string(text);
}

dedalus::tool_registry two_tools()
{
    dedalus::tool_registry tools;
    for (const char* name : {"read_calendar", "confirm_booking"}) {
        dedalus::function_definition definition;
        definition.name = name;
        tools.add(std::move(definition), [name](json::object, dedalus::tool_context&) {
            return answer_with(std::string(name) + " done");
        });
    }
    return tools;
}

asio::awaitable<dedalus::run_result> run_once(dedalus::client_options options, dedalus::handoff_options handoff)
{
    const dedalus::client client(co_await asio::this_coro::executor, std::move(options));
    const dedalus::handoff_loop loop(client, two_tools(), std::move(handoff));
    dedalus::chat_completion_request request;
    request.model = "openai/gpt-5-nano";
    request.messages.emplace_back(dedalus::user_message{"Book a flight and send me the invoice."});
    co_return co_await loop.run(request);
}

/// The bodies of the requests of a run in a store, which has to come to its end.
std::vector<json::object> bodies_of(dedalus::handoff_options handoff)
{
    server s(test::plain_http());
    handoff.store = std::make_shared<dedalus::memory_run_store>();
    const dedalus::run_result r = test::run_coro(run_once(test::options_for(s), std::move(handoff)));
    CHECK(r.phase == run_phase::completed);
    CHECK(r.final_text.find("done") != std::string::npos);
    std::vector<json::object> bodies;
    for (const dedalus::testing::received_request& received : s.requests())
        bodies.push_back(json::parse(received.body).as_object());
    return bodies;
}

/// Ids of the calls in the assistant messages of a request.
std::vector<std::string> calls_of(const json::object& body)
{
    std::vector<std::string> ids;
    for (const json::value& message : body.at("messages").as_array()) {
        const json::value* calls = message.as_object().if_contains("tool_calls");
        if (calls == nullptr)
            continue;
        for (const json::value& call : calls->as_array())
            ids.emplace_back(call.at("id").as_string());
    }
    return ids;
}

}  // namespace

TEST_CASE("a run in a store follows a plain server")
{
    dedalus::handoff_options handoff;
    handoff.dedalus_extensions = false;
    const std::vector<json::object> bodies = bodies_of(handoff);
    REQUIRE(bodies.size() >= 2);
    for (const json::object& body : bodies) {
        for (const char* member : {"handoff_mode", "correlation_id", "deferred_calls", "max_turns"})
            CHECK_FALSE(body.contains(member));
    }
    CHECK(calls_of(bodies.back()).size() + 1 == bodies.size());
}

TEST_CASE("a real server is sent the turns that the profile says")
{
    dedalus::handoff_options handoff;
    handoff.profile.send_max_turns =
        GENERATE(dedalus::sent_turns::reservation, dedalus::sent_turns::run_limit, dedalus::sent_turns::omit);
    const std::vector<json::object> bodies = bodies_of(handoff);
    REQUIRE(bodies.size() == 2);
    for (const json::object& body : bodies) {
        if (handoff.profile.send_max_turns == dedalus::sent_turns::omit)
            CHECK_FALSE(body.contains("max_turns"));
        else
            CHECK(body.at("max_turns") == (handoff.profile.send_max_turns == dedalus::sent_turns::run_limit ? 10 : 3));
    }
}

TEST_CASE("a real server takes what the other values of the profile make of a turn")
{
    dedalus::handoff_options handoff;
    const bool prune = GENERATE(true, false);
    handoff.profile.deferred_in_assistant = !prune;
    handoff.profile.server_results_as_tool_messages = GENERATE(true, false);
    handoff.profile.correlation_id_lasts = GENERATE(true, false);
    const std::vector<json::object> bodies = bodies_of(handoff);
    REQUIRE(bodies.size() == 2);
    CHECK(bodies[1].contains("correlation_id"));
    CHECK(bodies[1].contains("deferred_calls"));
    std::vector<std::string> deferred;
    for (const json::value& call : bodies[1].at("deferred_calls").as_array())
        deferred.emplace_back(call.at("id").as_string());
    if (prune) {
        for (const std::string& id : calls_of(bodies[1]))
            CHECK(std::ranges::find(deferred, id) == deferred.end());
    }
}

}  // namespace handoff_profile_test
