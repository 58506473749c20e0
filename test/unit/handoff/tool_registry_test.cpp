#include <dedalus/client_options.hpp>
#include <dedalus/error.hpp>
#include <dedalus/handoff/tool_registry.hpp>

#include "support/catch.hpp"

#include <boost/describe.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace tool_registry_test {

struct number
{
    int n = 0;
};
BOOST_DESCRIBE_STRUCT(number, (), (n))

namespace {

boost::asio::awaitable<boost::json::value> nothing(boost::json::object, dedalus::tool_context&)
{
    co_return nullptr;
}

boost::asio::awaitable<int> count_up(number arguments, dedalus::tool_context&)
{
    co_return arguments.n + 1;
}

dedalus::function_definition named(std::string name)
{
    dedalus::function_definition definition;
    definition.name = std::move(name);
    return definition;
}

}  // namespace

TEST_CASE("Tools are found by name and listed in the order of adding")
{
    dedalus::tool_registry tools;
    tools.add(named("zebra"), nothing);
    tools.add(named("ant"), nothing, {.effect = dedalus::tool_effect::pure, .timeout = dedalus::no_limit});
    CHECK(tools.size() == 2);

    REQUIRE(tools.find("ant") != nullptr);
    CHECK(tools.find("ant")->options.effect == dedalus::tool_effect::pure);
    REQUIRE(tools.find("zebra") != nullptr);
    CHECK(tools.find("zebra")->options.effect == dedalus::tool_effect::once);
    CHECK(tools.find("zebra")->options.timeout == std::chrono::seconds(60));
    CHECK(tools.find("cow") == nullptr);

    const std::vector<dedalus::tool> definitions = tools.definitions();
    REQUIRE(definitions.size() == 2);
    CHECK(std::get<dedalus::function_tool>(definitions[0]).function.name == "zebra");
    CHECK(std::get<dedalus::function_tool>(definitions[1]).function.name == "ant");
}

TEST_CASE("A call that must not happen twice is never approved by nobody")
{
    dedalus::tool_registry tools;
    dedalus::tool_options options;
    options.needs_approval = true;
    options.wait_limit = std::chrono::hours(1);
    options.on_expiry = dedalus::wait_expiry::auto_approve;
    CHECK_THROWS_AS(tools.add(named("pay"), nothing, options), dedalus::config_error);
    CHECK(tools.size() == 0);
    options.effect = dedalus::tool_effect::keyed;
    CHECK_NOTHROW(tools.add(named("pay"), nothing, options));
}

TEST_CASE("Names that no server takes, or that are taken, are refused")
{
    dedalus::tool_registry tools;
    tools.add(named(std::string(64, 'a')), nothing);
    tools.add(named("A_b-9"), nothing);
    for (const std::string& name :
         {std::string(),
          std::string(65, 'a'),
          std::string("a b"),
          std::string("a.b"),
          std::string("t\xc3\xb6ol"),
          std::string("A_b-9")})
        CHECK_THROWS_AS(tools.add(named(name), nothing), dedalus::config_error);
    CHECK(tools.size() == 2);
}

TEST_CASE("A tool needs a handler and a positive time limit")
{
    dedalus::tool_registry tools;
    CHECK_THROWS_AS(tools.add(named("a"), nullptr), dedalus::config_error);
    CHECK_THROWS_AS(tools.add(named("a"), nothing, {.timeout = std::chrono::milliseconds(0)}), dedalus::config_error);
    CHECK_THROWS_AS(tools.add(named("a"), nothing, {.timeout = std::chrono::milliseconds(-1)}), dedalus::config_error);
    CHECK(tools.size() == 0);
}

TEST_CASE("Calls are tried again only where they may happen twice, and dispatched only where nothing runs here")
{
    dedalus::tool_registry tools;
    const auto with = [&tools](dedalus::tool_effect effect, int retries) {
        dedalus::tool_options options;
        options.effect = effect;
        options.max_retries = retries;
        tools.add(named("a" + std::to_string(tools.size())), nothing, std::move(options));
    };
    CHECK_NOTHROW(with(dedalus::tool_effect::keyed, 10));
    CHECK_THROWS_AS(with(dedalus::tool_effect::keyed, 11), dedalus::config_error);
    CHECK_THROWS_AS(with(dedalus::tool_effect::keyed, -1), dedalus::config_error);
    CHECK_THROWS_AS(with(dedalus::tool_effect::once, 1), dedalus::config_error);
    CHECK_THROWS_AS(with(dedalus::tool_effect::external, 1), dedalus::config_error);

    dedalus::tool_options backwards;
    backwards.retry_backoff = std::chrono::milliseconds(-1);
    CHECK_THROWS_AS(tools.add(named("b"), nothing, backwards), dedalus::config_error);
    dedalus::tool_options told;
    told.dispatch = [](boost::json::object, dedalus::tool_context&) -> boost::asio::awaitable<void> { co_return; };
    CHECK_THROWS_AS(tools.add(named("b"), nothing, told), dedalus::config_error);
    told.effect = dedalus::tool_effect::external;
    CHECK_NOTHROW(tools.add(named("b"), nullptr, told));
}

TEST_CASE("The check of a tool looks at its arguments, after the check of their type if they have one")
{
    dedalus::tool_options options;
    options.check = [](const boost::json::object& arguments) {
        return std::string(arguments.contains("n") && arguments.at("n") != 13 ? "" : "no unlucky numbers");
    };
    dedalus::tool_registry tools;
    tools.add(named("plain"), nothing, options);
    tools.add("typed", "", count_up, options);
    CHECK(tools.find("plain")->check({{"n", "x"}}).empty());
    CHECK(tools.find("plain")->check({{"n", 13}}) == "no unlucky numbers");
    CHECK(tools.find("typed")->check({{"n", 12}}).empty());
    CHECK(tools.find("typed")->check({{"n", 13}}) == "no unlucky numbers");
    CHECK(tools.find("typed")->check({{"n", "x"}}).starts_with("$.n: "));
}

TEST_CASE("Only a tool without any effect may start early")
{
    dedalus::tool_registry tools;
    tools.add(named("look"), nothing, {.effect = dedalus::tool_effect::pure, .early_start = true});
    for (const auto effect :
         {dedalus::tool_effect::once, dedalus::tool_effect::keyed, dedalus::tool_effect::transactional})
        CHECK_THROWS_AS(tools.add(named("a"), nothing, {.effect = effect, .early_start = true}), dedalus::config_error);
    CHECK(tools.size() == 1);
}

TEST_CASE("Adding to a copy of a registry leaves the original alone")
{
    dedalus::tool_registry tools;
    tools.add(named("a"), nothing);
    dedalus::tool_registry copy = tools;
    copy.add(named("b"), nothing);
    CHECK(tools.find("b") == nullptr);
    CHECK(copy.size() == 2);
}

}  // namespace tool_registry_test
