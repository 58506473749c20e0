#include <dedalus/client_options.hpp>
#include <dedalus/error.hpp>
#include <dedalus/handoff/tool_registry.hpp>

#include "support/catch.hpp"

#include <string>
#include <variant>

namespace tool_registry_test {

namespace {

boost::asio::awaitable<boost::json::value> nothing(boost::json::object, dedalus::tool_context&)
{
    co_return nullptr;
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
