#include <dedalus/schema/json_schema.hpp>
#include <dedalus/schema/schema_check.hpp>

#include "support/catch.hpp"

#include <boost/describe.hpp>
#include <boost/json/parse.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace schema_check_test {

namespace json = boost::json;

enum class unit
{
    metre,
    foot,
};
BOOST_DESCRIBE_ENUM(unit, metre, foot)

struct place
{
    std::string name{};
    std::optional<int> height{};
    std::vector<place> inside{};
    schema_check_test::unit unit{};
};
BOOST_DESCRIBE_STRUCT(place, (), (name, height, inside, unit))

namespace {

std::string problem(std::string_view schema, std::string_view value)
{
    return dedalus::schema_check(json::parse(json::string_view(schema)).as_object()
    )(json::parse(json::string_view(value)).as_object());
}

}  // namespace

TEST_CASE("schema_check: what a described struct takes is right, and what it does not take is named with its path")
{
    const auto check = dedalus::schema_check(dedalus::json_schema<place>());
    const auto look = [&check](const char* text) { return check(json::parse(text).as_object()); };
    CHECK(
        look(R"({"name":"x","height":null,"inside":[{"name":"y","height":3,"inside":[],"unit":"foot"}],"unit":"metre"})"
        )
            .empty()
    );
    CHECK(look(R"({"name":"x","height":1,"unit":"foot"})") == "the member \"inside\" is missing");
    CHECK(look(R"({"name":"x","height":1,"inside":[],"unit":"mile"})").starts_with("unit: must be one of "));
    CHECK(look(R"({"name":"x","height":1,"inside":[],"unit":"foot","more":1})") == "the member \"more\" is not known");
    CHECK(
        look(R"({"name":"x","height":1,"inside":[{"name":7,"height":1,"inside":[],"unit":"foot"}],"unit":"foot"})") ==
        "inside[0].name: must be of type string"
    );
    CHECK(look(R"({"name":"x","height":"tall","inside":[],"unit":"foot"})").starts_with("height: must be of "));
}

TEST_CASE("schema_check: numbers, sizes and words are bounded")
{
    const char* number = R"({"properties":{"n":{"type":"integer","minimum":1,"maximum":3}}})";
    CHECK(problem(number, R"({"n":1})").empty());
    CHECK(problem(number, R"({"n":2.0})").empty());
    CHECK(problem(number, R"({"n":2.5})") == "n: must be of type integer");
    CHECK(problem(number, R"({"n":0})") == "n: must be at least 1");
    CHECK(problem(number, R"({"n":4})") == "n: must be at most 3");

    const char* text = R"({"properties":{"t":{"type":"string","minLength":2,"maxLength":3}}})";
    CHECK(problem(text, "{\"t\":\"\xc3\xa4\xc3\xb6\xc3\xbc\"}").empty());
    CHECK(problem(text, R"({"t":"a"})") == "t: must have at least 2 characters");
    CHECK(problem(text, R"({"t":"abcd"})") == "t: must have at most 3 characters");

    const char* list = R"({"properties":{"l":{"minItems":1,"maxItems":2,"items":{"const":7}}}})";
    CHECK(problem(list, R"({"l":[7,7.0]})").empty());
    CHECK(problem(list, R"({"l":[]})") == "l: must have at least 1 elements");
    CHECK(problem(list, R"({"l":[7,7,7]})") == "l: must have at most 2 elements");
    CHECK(problem(list, R"({"l":[7,8]})") == "l[1]: must be 7");
}

TEST_CASE("schema_check: other members follow additionalProperties, and alternatives anyOf")
{
    const char* map = R"({"type":"object","additionalProperties":{"type":["number","null"]}})";
    CHECK(problem(map, R"({"a":1,"b":null})").empty());
    CHECK(problem(map, R"({"a":"x"})") == R"(a: must be of one of the types ["number","null"])");
    const char* either = R"({"properties":{"e":{"anyOf":[{"type":"string"},{"type":"integer","minimum":5}]}}})";
    CHECK(problem(either, R"({"e":"x"})").empty());
    CHECK(problem(either, R"({"e":5})").empty());
    CHECK(problem(either, R"({"e":4})") == "e: must be at least 5");
    CHECK(problem(either, R"({"e":[]})") == "e: must be of type string");
}

TEST_CASE("schema_check: references are followed, and a schema that leads to itself comes to an end")
{
    const char* tree =
        R"({"$defs":{"leaf":{"type":"boolean"}},"properties":{"l":{"$ref":"#/$defs/leaf"},"t":{"$ref":"#"}}})";
    CHECK(problem(tree, R"({"t":{"t":{"l":true}}})").empty());
    CHECK(problem(tree, R"({"t":{"t":{"l":1}}})") == "t.t.l: must be of type boolean");
    CHECK(problem(R"({"$ref":"#"})", "{}") == "nested too deep");
    CHECK(problem(R"({"anyOf":[{"$ref":"#"},{"$ref":"#"}]})", "{}") == "nested too deep");
}

TEST_CASE("schema_check: what is not known allows anything")
{
    CHECK(problem(R"({"pattern":"^x$","oneOf":[],"$ref":"other.json","type":7,"required":"a","items":3})", R"({"a":1})")
              .empty());
    CHECK(problem("{}", R"({"a":[{}]})").empty());
}

}  // namespace schema_check_test
