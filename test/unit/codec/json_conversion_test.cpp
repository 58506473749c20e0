#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "support/catch.hpp"
#include "unit/codec/round_trip.hpp"

#include <boost/describe/class.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace json_conversion_test {

namespace json = boost::json;
using namespace dedalus;

namespace user {

struct conversation
{
    std::string title;
    std::vector<message> messages;
    message last;
    std::optional<tool_choice> choice;
    std::optional<usage> cost;
    std::map<std::string, content_part> parts;
};
BOOST_DESCRIBE_STRUCT(conversation, (), (title, messages, last, choice, cost, parts))

}  // namespace user

namespace {

const std::string invalid = "\xff";

}  // namespace

TEST_CASE("a type of the user that holds wire types converts by the rules of the wire")
{
    const std::string_view text =
        R"({"title":"t","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null}],)"
        R"("last":{"role":"tool","content":"b","tool_call_id":"c"},"choice":{"type":"any"},"cost":null,)"
        R"("parts":{"a":{"type":"refusal","refusal":"no"},"b":{"type":"new"}}})";
    const auto value = read_as<user::conversation>(text);
    CHECK(std::holds_alternative<assistant_message>(value.messages.at(1)));
    CHECK(std::holds_alternative<tool_message>(value.last));
    CHECK(std::holds_alternative<tool_choice_any>(*value.choice));
    CHECK(std::holds_alternative<refusal_part>(value.parts.at("a")));
    CHECK(std::holds_alternative<json::object>(value.parts.at("b")));
    CHECK(json::value_from(value) == json::parse(json::string_view(text)));
}

TEST_CASE("vectors and optionals of wire types convert")
{
    CHECK(
        json::serialize(round_trip<std::vector<message>>(R"([{"role":"system","content":"a"}])")) ==
        R"([{"role":"system","content":"a"}])"
    );
    CHECK(std::holds_alternative<system_message>(*read_as<std::optional<message>>(R"({"role":"system","content":"a"})"))
    );
    CHECK_FALSE(read_as<std::optional<message>>("null").has_value());
    CHECK(json::value_from(std::optional<finish_reason>("stop")) == "stop");
    CHECK(read_as<std::vector<tool_choice_mode>>(R"(["auto"])").at(0) == tool_choice_mode::auto_);
}

TEST_CASE("variants are written by the rules of the wire, as values and as references")
{
    message value = user_message{invalid};
    const message& constant = value;
    CHECK_THROWS_AS(json::value_from(value), invalid_request_error);
    CHECK_THROWS_AS(json::value_from(constant), invalid_request_error);
    CHECK_THROWS_AS(json::value_from(std::move(value)), invalid_request_error);
    CHECK_THROWS_AS(json::value_from(message_content(invalid)), invalid_request_error);
    CHECK_THROWS_AS(json::value_from(tool_choice("\xff")), invalid_request_error);
    CHECK_THROWS_AS(json::value_from(model_selection(invalid)), invalid_request_error);
    CHECK_THROWS_AS(json::value_from(mcp_server(invalid)), invalid_request_error);
    CHECK_THROWS_AS(json::value_from(std::vector<message_content>{invalid}), invalid_request_error);
}

TEST_CASE("the conversion that does not throw gives the same variants, or a code")
{
    const auto good = json::try_value_to<message>(json::parse(R"({"role":"tool","content":"a"})"));
    REQUIRE(good.has_value());
    CHECK(std::holds_alternative<tool_message>(*good));
    const auto bad_variant = json::try_value_to<message>(json::parse(R"({"role":"tool","content":1})"));
    REQUIRE(bad_variant.has_error());
    CHECK(bad_variant.error() == errc::invalid_response);
    const auto bad_struct = json::try_value_to<usage>(json::parse("[]"));
    REQUIRE(bad_struct.has_error());
    CHECK(bad_struct.error() == errc::invalid_response);
}

TEST_CASE("an error of a conversion knows no status and holds no text of the value")
{
    try {
        static_cast<void>(read_as<usage>(R"({"total_tokens":"secret"})"));
        FAIL("not refused");
    }
    catch (const response_format_error& e) {
        CHECK(e.status() == 0);
        CHECK(e.body_head().empty());
        CHECK(std::string(e.what()).find("secret") == std::string::npos);
    }
}

}  // namespace json_conversion_test
