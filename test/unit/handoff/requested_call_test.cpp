#include "handoff/requested_call.hpp"

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"

#include <boost/json/parse.hpp>

#include <string>
#include <tuple>

namespace requested_call_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using test::pending;
using test::plain;

TEST_CASE("A pending call keeps the bytes of its arguments")
{
    const core::requested_call call = pending("a", "tool", {"b"}, R"({ "x" : 1.0 })");
    CHECK(call.pending);
    CHECK(call.id == "a");
    CHECK(call.name == "tool");
    CHECK(call.dependencies == std::vector<std::string>{"b"});
    CHECK(call.arguments_text == R"({ "x" : 1.0 })");
    REQUIRE(call.arguments);
    CHECK(call.arguments->at("x").as_double() == 1.0);
}

TEST_CASE("The arguments of a tool call are parsed strictly")
{
    const std::string text =
        GENERATE(R"({"x":1)", "null", "[1]", "\"text\"", R"({"x":1}})", R"({'x':1})", "{\"x\":\"\xff\"}");
    const core::requested_call call = plain("a", "tool", text);
    CHECK_FALSE(call.arguments);
    CHECK_FALSE(call.arguments_problem.empty());
    CHECK(core::reported_arguments(call) == json::value(json::string(text)));
    CHECK_FALSE(call.pending);
}

TEST_CASE("A blank text of arguments means none")
{
    const std::string text = GENERATE("", " ", " \t\r\n");
    const core::requested_call call = plain("a", "tool", text);
    REQUIRE(call.arguments);
    CHECK(call.arguments->empty());
    CHECK(call.arguments_problem.empty());
    CHECK(core::fingerprint(call) == core::fingerprint(plain("b", "tool", "{}")));
}

TEST_CASE("A custom call and a call of an unknown type have no arguments object")
{
    dedalus::custom_tool_call custom;
    custom.id = "c";
    custom.custom.name = "grammar";
    custom.custom.input = "{}";
    const core::requested_call from_custom = core::to_requested_call(dedalus::tool_call(custom));
    CHECK(from_custom.id == "c");
    CHECK(from_custom.name == "grammar");
    CHECK_FALSE(from_custom.arguments);

    const core::requested_call unknown =
        core::to_requested_call(dedalus::tool_call(json::parse(R"({"type":"new","id":"n"})").as_object()));
    CHECK(unknown.id == "n");
    CHECK(unknown.name.empty());
    CHECK_FALSE(unknown.arguments);
    CHECK(core::to_requested_call(dedalus::tool_call(json::parse(R"({"id":7})").as_object())).id.empty());
}

TEST_CASE("Calls that mean the same have the same fingerprint")
{
    const auto [first, second] = GENERATE(table<std::string, std::string>(
        {{R"({"a":1,"b":{"c":2,"d":3}})", R"({ "b" : {"d":3,"c":2}, "a" : 1 })"},
         {R"({"x":1.0})", R"({"x":1})"},
         {R"({"x":1e2})", R"({"x":100})"},
         {R"({"x":-0.0})", R"({"x":0})"},
         {R"({"x":"a\/b"})", R"({"x":"a/b"})"},
         {R"({"x":"\u0041"})", R"({"x":"A"})"}}
    ));
    CHECK(core::fingerprint(pending("a", "t", {}, first)) == core::fingerprint(pending("b", "t", {"a"}, second)));
    CHECK(core::fingerprint(pending("a", "t", {}, first)) == core::fingerprint(plain("a", "t", second)));
}

TEST_CASE("Calls that differ have different fingerprints")
{
    const auto [first, second] = GENERATE(table<std::string, std::string>(
        {{R"({"a":1})", R"({"a":2})"},
         {R"({"a":1})", R"({"a":"1"})"},
         {R"({"a":[1,2]})", R"({"a":[2,1]})"},
         {R"({"a":1.5})", R"({"a":1})"},
         {R"({"a":null})", R"({})"},
         {R"({"a":{}})", R"({"a":[]})"},
         {R"({"a":9007199254740993})", R"({"a":9007199254740992})"},
         {R"({"a":18446744073709551615})", R"({"a":-1})"}}
    ));
    CHECK(core::fingerprint(pending("a", "t", {}, first)) != core::fingerprint(pending("a", "t", {}, second)));
    CHECK(core::fingerprint(pending("a", "t")) != core::fingerprint(pending("a", "t2")));
    CHECK(core::fingerprint(plain("a", "t", "{")) != core::fingerprint(plain("a", "t", "{}")));
    CHECK(core::fingerprint(plain("a", "t", "{")).size() == 64);
}

}  // namespace requested_call_test
