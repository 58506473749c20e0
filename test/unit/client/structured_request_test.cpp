#include "client/structured_request.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <variant>

namespace structured_request_test {

namespace {

dedalus::function_tool function_with(std::optional<bool> strict)
{
    dedalus::function_tool tool;
    tool.function.name = "f";
    tool.function.strict = strict;
    return tool;
}

dedalus::response_format_json_schema derived()
{
    dedalus::response_format_json_schema format;
    format.json_schema.name = "derived";
    format.json_schema.schema = boost::json::object{{"type", "object"}};
    format.json_schema.strict = true;
    return format;
}

dedalus::json_schema_format completed(const std::optional<dedalus::response_format>& set)
{
    const dedalus::response_format format = dedalus::complete_format(set, derived());
    return std::get<dedalus::response_format_json_schema>(format).json_schema;
}

}  // namespace

TEST_CASE("only strict function tools go with a structured answer")
{
    CHECK_NOTHROW(dedalus::require_strict_tools({}));
    CHECK_NOTHROW(dedalus::require_strict_tools({function_with(true), function_with(true)}));
    for (const dedalus::tool& other :
         {dedalus::tool(function_with(false)),
          dedalus::tool(function_with({})),
          dedalus::tool(dedalus::custom_tool{}),
          dedalus::tool(boost::json::object{{"type", "new"}})})
    {
        CHECK_THROWS_AS(dedalus::require_strict_tools({function_with(true), other}), dedalus::invalid_request_error);
        CHECK_THROWS_WITH(
            dedalus::require_strict_tools({function_with(true), other}), Catch::Matchers::StartsWith("tools[1]: ")
        );
    }
}

TEST_CASE("a format without a schema gives way to the derived one")
{
    CHECK(completed({}) == derived().json_schema);
    CHECK(completed(dedalus::response_format_text{}) == derived().json_schema);
    CHECK(completed(dedalus::response_format_json_object{}) == derived().json_schema);
}

TEST_CASE("what the caller set of a schema stays, and the rest is filled in")
{
    dedalus::response_format_json_schema given;
    given.json_schema.name = "mine";
    given.json_schema.description = "described";
    dedalus::json_schema_format expected = derived().json_schema;
    expected.name = "mine";
    expected.description = "described";
    CHECK(completed(given) == expected);

    given.json_schema.schema = boost::json::object{{"type", "array"}};
    given.json_schema.strict = false;
    CHECK(completed(given) == given.json_schema);
}

}  // namespace structured_request_test
