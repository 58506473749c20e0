#include <dedalus/handoff/tool_registry.hpp>

#include "handoff/tool_context_data.hpp"
#include "support/catch.hpp"
#include "support/described_types.hpp"
#include "support/run_coro.hpp"

#include <boost/json/parse.hpp>

#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace typed_tool_test {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

asio::awaitable<test::place> locate(test::weather_query query, dedalus::tool_context& context)
{
    if (query.city == "nowhere")
        throw std::runtime_error("no such city");
    co_return test::place{static_cast<double>(query.city.size()), static_cast<float>(context.attempt())};
}

// Counts its calls in a member that is its own.
class counter
{
public:
    asio::awaitable<std::string> operator()(const test::weather_query& query, dedalus::tool_context&)
    {
        ++calls_;
        return answer(query.city + ' ' + std::to_string(calls_));
    }

private:
    static asio::awaitable<std::string> answer(std::string text) { co_return text; }

    int calls_ = 0;
};

// A coroutine that refers to its object.
struct keeper
{
    std::shared_ptr<std::string> text;

    asio::awaitable<std::string> operator()(test::weather_query, dedalus::tool_context&) { co_return *text; }
};

json::value call(const dedalus::tool_registry& tools, std::string_view name, std::string_view arguments)
{
    const dedalus::tool_registry::entry* entry = tools.find(name);
    REQUIRE(entry != nullptr);
    json::object parsed = json::parse(json::string_view(arguments.data(), arguments.size())).as_object();
    dedalus::tool_context context(std::make_shared<dedalus::tool_context::data>());
    return test::run_coro(entry->handler(std::move(parsed), context));
}

std::string check(const dedalus::tool_registry& tools, std::string_view name, std::string_view arguments)
{
    return tools.find(name)->check(json::parse(json::string_view(arguments.data(), arguments.size())).as_object());
}

}  // namespace

TEST_CASE("a typed tool is defined by the schema of its arguments, and strict")
{
    dedalus::tool_registry tools;
    tools.add(
        "locate", "Where a city is", locate, {.effect = dedalus::tool_effect::pure, .timeout = std::chrono::seconds(3)}
    );
    const std::vector<dedalus::tool> definitions = tools.definitions();
    const auto& function = std::get<dedalus::function_tool>(definitions.at(0)).function;
    CHECK(function.name == "locate");
    CHECK(function.description == "Where a city is");
    CHECK(function.parameters == dedalus::json_schema<test::weather_query>());
    CHECK(function.strict == true);
    CHECK(tools.find("locate")->options.effect == dedalus::tool_effect::pure);
    CHECK(tools.find("locate")->options.timeout == std::chrono::seconds(3));
    CHECK_THROWS_AS(tools.add("locate", "again", locate), dedalus::config_error);
    CHECK_THROWS_AS(tools.add("lo cate", "", locate), dedalus::config_error);
}

TEST_CASE("functions, lambdas and function objects are typed tools, whatever they give")
{
    dedalus::tool_registry tools;
    tools.add("function", "", locate);
    tools.add("object", "", counter());
    tools.add("json", "", [](test::weather_query q, dedalus::tool_context&) -> asio::awaitable<json::value> {
        co_return json::value{{"unit", q.unit.value_or("none")}};
    });
    tools.add("number", "", [](test::weather_query, dedalus::tool_context&) -> asio::awaitable<int> { co_return 7; });
    tools.add("nothing", "", [](test::weather_query, dedalus::tool_context&) -> asio::awaitable<void> { co_return; });

    CHECK(call(tools, "function", R"({"city":"Oslo"})") == json::parse(R"({"latitude":4.0,"longitude":1.0})"));
    CHECK(call(tools, "object", R"({"city":"Oslo"})") == json::value("Oslo 1"));
    CHECK(call(tools, "object", R"({"city":"Oslo"})") == json::value("Oslo 2"));
    CHECK(call(tools, "json", R"({"city":"Oslo","unit":"C"})") == json::parse(R"({"unit":"C"})"));
    CHECK(call(tools, "number", R"({"city":"Oslo"})") == json::value(7));
    CHECK(call(tools, "nothing", R"({"city":"Oslo"})") == json::value("ok"));
    CHECK_THROWS_WITH(call(tools, "function", R"({"city":"nowhere"})"), "no such city");
}

TEST_CASE("the arguments of a typed tool are checked with their path")
{
    dedalus::tool_registry tools;
    tools.add("locate", "", locate);
    CHECK(check(tools, "locate", R"({"city":"Oslo"})") == "");
    CHECK(check(tools, "locate", "{}") == "$.city: is missing");
    CHECK(check(tools, "locate", R"({"city":"Oslo","unit":1})") == "$.unit: expected a string, got a number");
    CHECK(check(tools, "locate", R"({"city":"Oslo","zip":1})") == "$.zip: is not a member that is allowed here");
}

namespace {

asio::awaitable<json::value> drop_and_run(std::unique_ptr<asio::awaitable<json::value>> running)
{
    co_return co_await std::move(*running);
}

}  // namespace

TEST_CASE("a running typed tool keeps its handler alive")
{
    auto text = std::make_shared<std::string>("kept");
    const std::weak_ptr<std::string> watched = text;
    auto tools = std::make_unique<dedalus::tool_registry>();
    tools->add("keep", "", keeper{text});
    text.reset();

    dedalus::tool_context context(std::make_shared<dedalus::tool_context::data>());
    auto running = std::make_unique<asio::awaitable<json::value>>(
        tools->find("keep")->handler(json::object{{"city", "Oslo"}}, context)
    );
    tools.reset();
    CHECK(!watched.expired());
    CHECK(test::run_coro(drop_and_run(std::move(running))) == json::value("kept"));
    CHECK(watched.expired());
}

}  // namespace typed_tool_test
