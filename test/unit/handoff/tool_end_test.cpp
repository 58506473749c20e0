#include "handoff/tool_end.hpp"

#include "support/catch.hpp"
#include "support/utf8.hpp"

#include <boost/json/parse.hpp>

#include <string>

namespace tool_end_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using dedalus::tool_outcome;

namespace {

constexpr std::size_t plenty = 4096;

}  // namespace

TEST_CASE("A string result is sent as it is, other results as compact JSON")
{
    CHECK(core::result_end("line 1\nline \"2\"", plenty).content == "line 1\nline \"2\"");
    CHECK(core::result_end("", plenty).content.empty());
    CHECK(core::result_end(json::parse(R"({ "a" : [1, true, null] })"), plenty).content == R"({"a":[1,true,null]})");
    CHECK(core::result_end(nullptr, plenty).content == "null");
    CHECK(core::result_end(21, plenty).content == "21");

    const core::tool_end end = core::result_end(json::parse(R"({"a":1})"), plenty);
    CHECK(end.outcome == tool_outcome::ok);
    CHECK(end.value == json::parse(R"({"a":1})"));
}

TEST_CASE("A result over the size limit is cut between characters, with a note, and kept whole")
{
    std::string text;
    while (text.size() < 3000)
        text += "\xe2\x82\xac";  // the euro sign: three bytes
    for (const std::size_t limit : {1024U, 1025U, 1026U}) {
        const core::tool_end end = core::result_end(json::string(text), limit);
        CHECK(end.outcome == tool_outcome::ok);
        CHECK(end.content.size() <= limit);
        CHECK(end.content.size() > limit - 4);
        CHECK(dedalus::support::is_utf8(end.content));
        CHECK(end.content.find("[cut: 3000 bytes in all]") != std::string::npos);
        CHECK(end.value == json::value(json::string(text)));
    }
    CHECK(core::result_end(json::string(std::string(1024, 'x')), 1024).content == std::string(1024, 'x'));
}

TEST_CASE("A result that is not UTF-8 is an error, not replaced")
{
    for (const json::value& value : {json::value("caf\xe9"), json::value{{"name", "\xff"}}}) {
        const core::tool_end end = core::result_end(value, plenty);
        CHECK(end.outcome == tool_outcome::error);
        CHECK(end.content == "Error: the result of the tool is not valid UTF-8");
        CHECK(end.value.is_null());
    }
}

TEST_CASE("The text of an exception goes to the model on one line")
{
    CHECK(core::error_end("no such city", plenty).content == "Error: no such city");
    CHECK(core::error_end("first\r\nsecond\tthird\n", plenty).content == "Error: first second third");
    CHECK(core::error_end("", plenty).content == "Error: the tool failed");
    CHECK(core::error_end("caf\xe9", plenty).content == "Error: the tool failed");
    CHECK(core::error_end("x", plenty).outcome == tool_outcome::error);

    const core::tool_end end = core::error_end(std::string(5000, 'x'), 1024);
    CHECK(end.content.size() == 1024);
    CHECK(end.content.find("[cut: ") != std::string::npos);
}

TEST_CASE("A timeout names the limit, and says for a tool with an effect that its outcome is unknown")
{
    const core::tool_end harmless = core::timeout_end(std::chrono::seconds(60), core::effect_seen::none);
    CHECK(harmless.outcome == tool_outcome::timeout);
    CHECK(harmless.content == "Error: the tool did not finish within 60 s");
    CHECK(
        core::timeout_end(std::chrono::milliseconds(1500), core::effect_seen::none).content ==
        "Error: the tool did not finish within 1500 ms"
    );

    const std::string once = core::timeout_end(std::chrono::seconds(30), core::effect_seen::unknown).content;
    CHECK(once.find("within 30 s") != std::string::npos);
    CHECK(once.find("its outcome is unknown") != std::string::npos);
}

TEST_CASE("An unknown tool is answered with the names of the registered ones")
{
    const core::tool_end end = core::unknown_tool_end("get_wether", {"get_weather", "book"});
    CHECK(end.outcome == tool_outcome::unknown_tool);
    CHECK(end.content == "Error: there is no tool named \"get_wether\". Available tools: get_weather, book");
    CHECK(core::unknown_tool_end("x\ny", {}).content == "Error: there is no tool named \"x y\". Available tools: none");
}

TEST_CASE("The other ends say what happened")
{
    CHECK(core::cancelled_end().outcome == tool_outcome::cancelled);
    CHECK(core::cancelled_end().content == "Error: the call was cancelled");

    CHECK(core::invalid_arguments_end("syntax error").outcome == tool_outcome::invalid_arguments);
    CHECK(
        core::invalid_arguments_end("syntax error").content ==
        "Error: the arguments are not a JSON object: syntax error"
    );

    CHECK(core::skipped_end("call_a", "lookup").outcome == tool_outcome::skipped_dependency);
    CHECK(
        core::skipped_end("call_a", "lookup").content ==
        "Error: not run, because the call call_a (lookup) that it depends on did not succeed"
    );

    CHECK(core::skipped_for_server_end("s1", "invoice").outcome == tool_outcome::skipped_dependency);
    CHECK(
        core::skipped_for_server_end("s1", "invoice").content.find("the server call s1 (invoice)") != std::string::npos
    );
}

}  // namespace tool_end_test
