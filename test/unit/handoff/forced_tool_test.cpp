#include "handoff/forced_tool.hpp"

#include <dedalus/json.hpp>

#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <string>

namespace forced_tool_test {

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

TEST_CASE("A choice that is written as JSON is understood like the typed one")
{
    const auto [text, name] = GENERATE(table<std::string, std::string>({
        {R"({"type":"any"})", ""},
        {R"({"type":"required"})", ""},
        {R"({"type":"tool","name":"book"})", "book"},
        {R"({"type":"function","name":"book"})", "book"},
        {R"({"type":"function","function":{"name":"book"}})", "book"},
        {R"({"type":"custom","custom":{"name":"book"}})", "book"},
        {R"({"type":"allowed_tools","mode":"required","tools":[]})", ""},
        {R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[]}})", ""},
    }));
    const dedalus::tool_choice raw = json::parse(text).as_object();
    CHECK(core::forces_tool(raw));
    CHECK(core::is_forced_by(raw, "book"));
    CHECK(core::is_forced_by(raw, "look") == name.empty());
    CHECK(core::released(raw).has_value() == (text.find("allowed_tools") != std::string::npos));
}

TEST_CASE("A restriction that is written as JSON outlives the force")
{
    const auto released_text = [](const std::string& text) {
        return json::value_from(core::released(json::parse(text).as_object()).value());
    };
    CHECK(
        released_text(R"({"type":"allowed_tools","mode":"required","tools":[1]})") ==
        json::parse(R"({"type":"allowed_tools","mode":"auto","tools":[1]})")
    );
    CHECK(
        released_text(R"({"type":"allowed_tools","allowed_tools":{"mode":"required"}})") ==
        json::parse(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto"}})")
    );
}

TEST_CASE("A choice that is written as JSON and leaves it to the model forces nothing")
{
    const std::string text = GENERATE(
        R"({})", R"({"type":"auto"})", R"({"type":7})", R"({"type":"allowed_tools","mode":"auto"})", R"({"type":"new"})"
    );
    CHECK_FALSE(core::forces_tool(json::parse(text).as_object()));
}

}  // namespace forced_tool_test
