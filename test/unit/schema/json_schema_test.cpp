#include <dedalus/error.hpp>
#include <dedalus/schema/json_schema.hpp>

#include "support/catch.hpp"
#include "support/described_types.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace json = boost::json;

namespace elsewhere {

struct tree
{
    std::vector<tree> twigs;
};
BOOST_DESCRIBE_STRUCT(tree, (), (twigs))

/// Its annotation is no schema.
struct broken
{
    friend broken tag_invoke(json::value_to_tag<broken>, const json::value&) { return {}; }
};

}  // namespace elsewhere

namespace {

template <class T>
struct page
{
    T item{};
    std::optional<T> next{};
};
BOOST_DESCRIBE_STRUCT(page<test::tree>, (), (item, next))

struct two_trees
{
    test::tree one;
    elsewhere::tree two;
};
BOOST_DESCRIBE_STRUCT(two_trees, (), (one, two))

struct empty
{};
BOOST_DESCRIBE_STRUCT(empty, (), ())

struct described_node
{
    std::vector<described_node> next;
    std::optional<test::tree> plain;
};
BOOST_DESCRIBE_STRUCT(described_node, (), (next, plain))

// As text, so that the order of the members is compared too.
template <class T>
std::string schema()
{
    return json::serialize(dedalus::json_schema<T>());
}

std::string compact(std::string_view text)
{
    return json::serialize(json::parse(json::string_view(text.data(), text.size())));
}

}  // namespace

template <>
inline constexpr dedalus::type_annotation dedalus::type_annotation_of<elsewhere::broken>{.schema = "[1]"};

TEST_CASE("simple types have their JSON type, and narrow and unsigned integers their bounds")
{
    CHECK(schema<bool>() == R"({"type":"boolean"})");
    CHECK(schema<double>() == R"({"type":"number"})");
    CHECK(schema<std::string>() == R"({"type":"string"})");
    CHECK(schema<test::numbers>() == compact(R"({"type":"object","properties":{
        "tiny":{"type":"integer","minimum":-128,"maximum":127},
        "narrow":{"type":"integer","minimum":0,"maximum":4294967295},
        "wide":{"type":"integer"},
        "huge":{"type":"integer","minimum":0},
        "flag":{"type":"boolean"}},
        "required":["tiny","narrow","wide","huge","flag"],"additionalProperties":false})"));
}

TEST_CASE("all members of a struct are required, and an optional one is a union with null")
{
    CHECK(schema<test::weather_query>() == compact(R"({"type":"object","properties":{
        "city":{"type":"string"},
        "unit":{"anyOf":[{"type":"string"},{"type":"null"}]}},
        "required":["city","unit"],"additionalProperties":false})"));
    CHECK(schema<empty>() == R"({"type":"object","properties":{},"required":[],"additionalProperties":false})");
}

TEST_CASE("members of bases come first, and structs, lists, words and maps nest")
{
    const std::string place = R"({"type":"object","properties":{"latitude":{"type":"number"},
        "longitude":{"type":"number"}},"required":["latitude","longitude"],"additionalProperties":false})";
    CHECK(
        schema<test::report>() == compact(
                                      R"({"type":"object","properties":{
        "name":{"type":"string"},
        "sky":{"type":"string","enum":["clear","cloudy"]},
        "places":{"type":"array","items":)" +
                                      place + R"(},
        "best":{"anyOf":[)" + place + R"(,{"type":"null"}]},
        "counts":{"type":"object","additionalProperties":
            {"type":"integer","minimum":-2147483648,"maximum":2147483647}}},
        "required":["name","sky","places","best","counts"],"additionalProperties":false})"
                                  )
    );
}

TEST_CASE("lists of all kinds and free JSON have their schemas")
{
    CHECK(schema<std::list<bool>>() == R"({"type":"array","items":{"type":"boolean"}})");
    CHECK(schema<std::vector<bool>>() == R"({"type":"array","items":{"type":"boolean"}})");
    CHECK(
        schema<std::array<std::string, 2>>() ==
        R"({"type":"array","items":{"type":"string"},"minItems":2,"maxItems":2})"
    );
    CHECK(schema<test::anything>() == compact(R"({"type":"object","properties":{
        "value":{},"object":{"type":"object"},"array":{"type":"array"}},
        "required":["value","object","array"],"additionalProperties":false})"));
}

TEST_CASE("a variant is anyOf, and an optional variant has null as one more alternative")
{
    const json::object drawing = dedalus::json_schema<test::drawing>();
    const json::object& properties = drawing.at("properties").as_object();
    CHECK(properties.at("shape").at("anyOf").as_array().size() == 2);
    CHECK(
        properties.at("shape").at("anyOf").at(1).at("properties").at("kind") ==
        json::parse(R"({"type":"string","enum":["square"]})")
    );
    CHECK(json::serialize(properties.at("note")) == compact(R"({"anyOf":[{"type":"null"},{"type":"string"},
        {"type":"integer","minimum":-2147483648,"maximum":2147483647},{"type":"number"},{"type":"null"}]})"));
}

TEST_CASE("a struct that contains itself refers to the root or stands in $defs once")
{
    CHECK(schema<test::tree>() == compact(R"({"type":"object","properties":{"label":{"type":"string"},
        "children":{"type":"array","items":{"$ref":"#"}}},
        "required":["label","children"],"additionalProperties":false})"));
    const std::string tree = R"({"type":"object","properties":{"label":{"type":"string"},
        "children":{"type":"array","items":{"$ref":"#/$defs/tree"}}},
        "required":["label","children"],"additionalProperties":false})";
    CHECK(
        schema<test::forest>() == compact(
                                      R"({"type":"object","properties":{
        "oldest":{"$ref":"#/$defs/tree"},
        "others":{"type":"array","items":{"$ref":"#/$defs/tree"}}},
        "required":["oldest","others"],"additionalProperties":false,"$defs":{"tree":)" +
                                      tree + "}}"
                                  )
    );
    CHECK(
        schema<std::vector<test::tree>>() ==
        compact(R"({"type":"array","items":{"$ref":"#/$defs/tree"},"$defs":{"tree":)" + tree + "}}")
    );
}

TEST_CASE("structs that contain each other are described to the end")
{
    const json::object root = dedalus::json_schema<test::minus>();
    const json::value& alternatives = root.at("properties").at("of").at("items").at("anyOf");
    CHECK(alternatives.at(0) == json::parse(R"({"$ref":"#"})"));
    CHECK(alternatives.at(1) == json::parse(R"({"$ref":"#/$defs/plus"})"));
    CHECK(
        root.at("$defs").at("plus").at("properties").at("of").at("items").at("anyOf") ==
        json::parse(R"([{"$ref":"#"},{"$ref":"#/$defs/plus"}])")
    );
}

TEST_CASE("two types of one name have two definitions")
{
    const json::object root = dedalus::json_schema<two_trees>();
    CHECK(root.at("properties").at("one") == json::parse(R"({"$ref":"#/$defs/tree"})"));
    CHECK(root.at("properties").at("two") == json::parse(R"({"$ref":"#/$defs/tree_2"})"));
    CHECK(
        root.at("$defs").at("tree_2").at("properties").at("twigs").at("items") ==
        json::parse(R"({"$ref":"#/$defs/tree_2"})")
    );
}

TEST_CASE("annotations go into the schema, and the narrower limit wins")
{
    CHECK(schema<test::order>() == compact(R"({"type":"object","properties":{
        "code":{"type":"string","minLength":2,"maxLength":4,"pattern":"^[A-Z]+$",
            "description":"Code of the article"},
        "count":{"type":"integer","minimum":-2147483648,"maximum":2147483647,
            "exclusiveMinimum":0,"exclusiveMaximum":100,"multipleOf":5},
        "price":{"anyOf":[{"type":"number","minimum":0.5,"maximum":99.5,"multipleOf":0.01},{"type":"null"}],
            "description":"In euros"},
        "notes":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":2},
        "level":{"type":"integer","minimum":0,"maximum":9}},
        "required":["code","count","price","notes","level"],"additionalProperties":false,
        "description":"What to buy"})"));
}

template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&described_node::next>{
    .description = "What follows", .min_items = 1};
template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&page<test::tree>::item>{.description = "A tree"};

TEST_CASE("nothing stands beside a reference")
{
    const json::object node = dedalus::json_schema<described_node>();
    CHECK(
        json::serialize(node.at("properties").at("next")) ==
        R"({"type":"array","items":{"$ref":"#"},"minItems":1,"description":"What follows"})"
    );
    const json::object trees = dedalus::json_schema<page<test::tree>>();
    CHECK(
        json::serialize(trees.at("properties").at("item")) ==
        R"({"anyOf":[{"$ref":"#/$defs/tree"}],"description":"A tree"})"
    );
}

TEST_CASE("a type with conversions of its own takes the schema that its annotation gives")
{
    CHECK(schema<test::trip>() == compact(R"({"type":"object","properties":{
        "takes":{"type":"string","pattern":"^[0-9]+h$"},
        "stops":{"type":"array","items":{"type":"string","pattern":"^[0-9]+h$"}}},
        "required":["takes","stops"],"additionalProperties":false})"));
    CHECK_THROWS_AS(dedalus::json_schema<elsewhere::broken>(), dedalus::config_error);
}

TEST_CASE("the name of a schema is the name of the type without its namespaces")
{
    CHECK(dedalus::schema_name<test::weather_query>() == "weather_query");
    CHECK(dedalus::schema_name<two_trees>() == "two_trees");
    CHECK(dedalus::schema_name<page<test::tree>>() == "page_tree");
    CHECK(dedalus::schema_name<test::order>() == "purchase_order");
    CHECK(dedalus::detail::name_from_type("a::" + std::string(80, 'x')) == std::string(64, 'x'));
    CHECK(dedalus::detail::name_from_type("(anonymous namespace)::a::b<c::d, e::f> ") == "b_d_f");
    CHECK(dedalus::detail::name_from_type("") == "schema");
}

TEST_CASE("the response format of a type is strict and has its name and schema")
{
    const dedalus::response_format_json_schema format = dedalus::response_format_for<test::weather_query>();
    CHECK(format.json_schema.name == "weather_query");
    CHECK(format.json_schema.strict == true);
    CHECK(format.json_schema.schema == dedalus::json_schema<test::weather_query>());
}
