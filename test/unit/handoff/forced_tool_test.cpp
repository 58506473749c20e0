#include "handoff/forced_tool.hpp"

#include <dedalus/json.hpp>

#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <string>

namespace core = dedalus::handoff_core;
namespace json = boost::json;

namespace {

dedalus::tool_choice choice(const std::string& text)
{
    return json::value_to<dedalus::tool_choice>(json::parse(text));
}

}  // namespace

TEST_CASE("Choices that force any tool are met by any call")
{
    const std::string text = GENERATE(
        R"("required")",
        R"("any")",
        R"({"type":"any"})",
        R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[]}})"
    );
    CHECK(core::forces_tool(choice(text)));
    CHECK(core::is_forced_by(choice(text), "whatever"));
}

TEST_CASE("Choices that force a tool by name are met by a call of that tool")
{
    const std::string text = GENERATE(
        R"({"type":"tool","name":"book"})",
        R"({"type":"function","function":{"name":"book"}})",
        R"({"type":"custom","custom":{"name":"book"}})"
    );
    CHECK(core::forces_tool(choice(text)));
    CHECK(core::is_forced_by(choice(text), "book"));
    CHECK_FALSE(core::is_forced_by(choice(text), "look"));
    CHECK_FALSE(core::released(choice(text)).has_value());
}

TEST_CASE("Choices that leave it to the model force nothing")
{
    const std::string text = GENERATE(
        R"("auto")",
        R"("none")",
        R"({"type":"auto"})",
        R"({"type":"none"})",
        R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}})",
        R"({"type":"new"})"
    );
    CHECK_FALSE(core::forces_tool(choice(text)));
    CHECK_FALSE(core::is_forced_by(choice(text), "book"));
}

TEST_CASE("A restriction to some tools outlives the force")
{
    const auto released = core::released(
        choice(R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function"}]}})")
    );
    REQUIRE(released.has_value());
    CHECK(
        json::value_from(*released) ==
        json::parse(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function"}]}})")
    );
}
