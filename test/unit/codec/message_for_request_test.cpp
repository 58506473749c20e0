#include <dedalus/json.hpp>

#include "support/catch.hpp"
#include "unit/codec/round_trip.hpp"

#include <boost/json/parse.hpp>

#include <string_view>

namespace message_for_request_test {

namespace json = boost::json;
using dedalus::assistant_message;

namespace {

json::value sent(std::string_view received)
{
    return json::value_from(read_as<assistant_message>(received).for_request());
}

}  // namespace

TEST_CASE("a received message goes back without what only answers have")
{
    CHECK(
        sent(R"({"role":"assistant","content":"Hi","refusal":null,"tool_calls":null,"function_call":null,
                 "annotations":[{"type":"url_citation"}],"reasoning":null,
                 "audio":{"id":"a","expires_at":1,"data":"UklG","transcript":"t","format":"wav"}})") ==
        json::parse(R"({"role":"assistant","content":"Hi","audio":{"id":"a"}})")
    );
    CHECK(
        sent(R"({"content":"Hi","annotations":[],"tool_calls":[],"audio":null})") ==
        json::parse(R"({"role":"assistant","content":"Hi"})")
    );
}

TEST_CASE("a received message goes back with all that providers want to see again")
{
    const std::string_view text =
        R"({"role":"assistant","content":null,"refusal":"no","name":"n","reasoning_content":"hm","reasoning_details":[{"a":1}],
            "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{","x":1},"thought_signature":"s","index":0},
                          {"id":"d","type":"custom","custom":{"name":"g","input":""}},{"type":"mcp","id":null}],
            "function_call":{"name":"f","arguments":"{}"}})";
    json::value expected = json::parse(json::string_view(text));
    expected.at("tool_calls").at(2).as_object().erase("id");
    CHECK(sent(text) == expected);
}

TEST_CASE("nulls of the calls do not go back")
{
    CHECK(
        sent(R"({"content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":null},
                 "thought_signature":null},{"type":"custom","custom":{"x":null}}],"function_call":{"name":"f","y":null}})"
        ) == json::parse(R"({"role":"assistant","content":"","tool_calls":[
                        {"id":"c","type":"function","function":{"name":"f","arguments":""}},
                        {"id":"","type":"custom","custom":{"name":"","input":""}}],"function_call":{"name":"f","arguments":""}})"
             )
    );
}

TEST_CASE("a message without content goes back with an explicit null")
{
    const json::value expected =
        json::parse(R"({"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"mcp"}]})");
    CHECK(sent(R"({"tool_calls":[{"id":"c","type":"mcp"}]})") == expected);
    CHECK(sent(R"({"content":null,"tool_calls":[{"id":"c","type":"mcp"}]})") == expected);
    CHECK(json::value_from(assistant_message{}.for_request()) == json::parse(R"({"role":"assistant","content":null})"));
}

TEST_CASE("another role than assistant goes back as it came")
{
    CHECK(sent(R"({"role":"model","content":"Hi"})") == json::parse(R"({"role":"model","content":"Hi"})"));
}

TEST_CASE("preparing a message changes neither it nor what was prepared before")
{
    const auto message = read_as<assistant_message>(R"({"content":null,"refusal":null,"annotations":[{"type":"a"}]})");
    const auto copy = message;
    const auto once = message.for_request();
    CHECK(message == copy);
    CHECK(once.for_request() == once);
}

}  // namespace message_for_request_test
