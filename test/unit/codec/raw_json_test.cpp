#include "codec/raw_json.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace raw_json_test {

using dedalus::codec::raw_elements;
using dedalus::codec::raw_member;

TEST_CASE("a member is given byte for byte")
{
    const std::string_view text = R"({"one":1.0,"exponent":1e2,"long":12345678901234567890123,"minus":-0.0,)"
                                  R"("slash":"a\/b\u0041","null":null,"true":true,"object":{"a" : [1 , 2]},"last":[]})";
    CHECK(raw_member(text, "one") == "1.0");
    CHECK(raw_member(text, "exponent") == "1e2");
    CHECK(raw_member(text, "long") == "12345678901234567890123");
    CHECK(raw_member(text, "minus") == "-0.0");
    CHECK(raw_member(text, "slash") == R"("a\/b\u0041")");
    CHECK(raw_member(text, "null") == "null");
    CHECK(raw_member(text, "true") == "true");
    CHECK(raw_member(text, "object") == R"({"a" : [1 , 2]})");
    CHECK(raw_member(text, "last") == "[]");
    CHECK_FALSE(raw_member(text, "a").has_value());
    CHECK_FALSE(raw_member(text, "absent").has_value());
    CHECK_FALSE(raw_member("{}", "a").has_value());
    CHECK_FALSE(raw_member(" { \n } ", "a").has_value());
}

TEST_CASE("white space around a member is not part of it, and within it is")
{
    const std::string_view text = "\r\n\t {\r\"a\"\t:\n\r [ 1 ,\t2 ] \n, \"b\" : 7\t}\r\n";
    CHECK(raw_member(text, "a") == "[ 1 ,\t2 ]");
    CHECK(raw_member(text, "b") == "7");
}

TEST_CASE("of a repeated key the last value is given")
{
    CHECK(raw_member(R"({"a":1,"b":2,"a":3})", "a") == "3");
    CHECK(raw_member(R"({"a":1,"\u0061":2})", "a") == "2");
}

TEST_CASE("keys are compared without their escapes")
{
    CHECK(raw_member(R"({"d\u0065ferred":[1]})", "deferred") == "[1]");
    CHECK(raw_member(R"({"a\"b":1,"c\\":2})", "a\"b") == "1");
    CHECK(raw_member(R"({"a\"b":1,"c\\":2})", "c\\") == "2");
    CHECK(raw_member(R"({"":1})", "") == "1");
}

TEST_CASE("brackets, commas and quotes inside strings do not count")
{
    const std::string_view text = R"({"s":"]},{[\"\\","n":{"x":"}\"]","y":["]",{"z":"\\\""}]},"after":1})";
    CHECK(raw_member(text, "s") == R"("]},{[\"\\")");
    CHECK(raw_member(text, "n") == R"({"x":"}\"]","y":["]",{"z":"\\\""}]})");
    CHECK(raw_member(text, "after") == "1");
    CHECK_FALSE(raw_member(text, "x").has_value());
}

TEST_CASE("elements are given byte for byte")
{
    using texts = std::vector<std::string_view>;
    CHECK(raw_elements("[]").empty());
    CHECK(raw_elements(" [ \t] ").empty());
    CHECK(raw_elements("[1]") == texts{"1"});
    CHECK(
        raw_elements("[ 1.0 , {\"a\": [1, 2]} ,\n\"x,]\", [[],[ ]] , null ]") ==
        texts{"1.0", "{\"a\": [1, 2]}", "\"x,]\"", "[[],[ ]]", "null"}
    );
}

TEST_CASE("what is no object has no members, and what is no array no elements")
{
    for (const std::string_view text : {"", "[1]", "\"a\"", "null", "7"})
        CHECK_FALSE(raw_member(text, "a").has_value());
    for (const std::string_view text : {"", "{}", "\"a\"", "null", "7"})
        CHECK(raw_elements(text).empty());
}

TEST_CASE("cut text is read without running past its end")
{
    const std::string text = R"({"a\"":{"b":["\\",1]},"c":[{"d":"}"},2]})";
    for (std::size_t length = 0; length < text.size(); ++length) {
        const std::string cut = text.substr(0, length);
        const auto member = raw_member(cut, "c");
        CHECK((!member || text.find(*member) != std::string::npos));
        for (const std::string_view element : raw_elements(std::string_view(cut).substr(cut.size() / 2)))
            CHECK(text.find(element) != std::string::npos);
    }
}

}  // namespace raw_json_test
