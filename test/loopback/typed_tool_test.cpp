#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/client_fixture.hpp"
#include "support/described_types.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <string>
#include <utility>
#include <vector>

namespace typed_tool_test {

namespace asio = boost::asio;
namespace json = boost::json;
using dedalus::tool_outcome;
using dedalus::testing::server;

namespace {

// Notes the cities it was asked for.
struct weather_tool
{
    std::vector<std::string>* cities;

    asio::awaitable<test::place> operator()(test::weather_query query, dedalus::tool_context&) const
    {
        cities->push_back(query.city);
        co_return test::place{1.5, 2};
    }
};

void calls(server& s, const std::string& id, const std::string& arguments)
{
    s.enqueue(dedalus::testing::json_reply(
        {{"id", id},
         {"object", "chat.completion"},
         {"created", 1},
         {"model", "m"},
         {"choices",
          {{{"index", 0},
            {"message",
             {{"role", "assistant"},
              {"content", nullptr},
              {"tool_calls",
               {{{"id", id}, {"type", "function"}, {"function", {{"name", "weather"}, {"arguments", arguments}}}}}}}},
            {"finish_reason", "tool_calls"}}}}}
    ));
}

asio::awaitable<dedalus::run_result> run_once(dedalus::client_options options, dedalus::tool_registry tools)
{
    const dedalus::client client(co_await asio::this_coro::executor, std::move(options));
    const dedalus::handoff_loop loop(client, std::move(tools));
    const dedalus::chat_completion_request request = test::hello();
    co_return co_await loop.run(request);
}

}  // namespace

TEST_CASE("bad arguments of a typed tool go back to the model with their path, and good ones run it")
{
    server s(test::plain_http());
    std::vector<std::string> cities;
    dedalus::tool_registry tools;
    tools.add("weather", "Current weather", weather_tool{&cities}, {.effect = dedalus::tool_effect::pure});
    calls(s, "a", R"({"town":"Oslo"})");
    calls(s, "b", "");
    calls(s, "c", R"({"city":"Os)");
    calls(s, "d", R"({"city":"Oslo"})");
    s.enqueue(dedalus::testing::text_reply("Fine."));
    const dedalus::run_result r = test::run_coro(run_once(test::options_for(s), tools));

    CHECK(r.final_text == "Fine.");
    CHECK(cities == std::vector<std::string>{"Oslo"});
    REQUIRE(r.tool_results.size() == 4);
    CHECK(r.tool_results[0].outcome == tool_outcome::invalid_arguments);
    CHECK(r.tool_results[0].content == "Error: the arguments do not fit the tool: $.city: is missing");
    CHECK(r.tool_results[0].started == r.tool_results[0].finished);
    CHECK(r.tool_results[1].content == "Error: the arguments do not fit the tool: $.city: is missing");
    CHECK(r.tool_results[2].outcome == tool_outcome::invalid_arguments);
    CHECK(r.tool_results[3].outcome == tool_outcome::ok);
    CHECK(json::parse(r.tool_results[3].content) == json::parse(R"({"latitude":1.5,"longitude":2.0})"));

    const json::value first = json::parse(s.requests().at(0).body);
    CHECK(first.at("tools").at(0).at("function").at("strict") == json::value(true));
    const json::value second = json::parse(s.requests().at(1).body);
    CHECK(
        second.at("messages").as_array().back().at("content") ==
        json::value("Error: the arguments do not fit the tool: $.city: is missing")
    );
}

}  // namespace typed_tool_test
