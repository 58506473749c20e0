#include "testing/request_schema.hpp"

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "testing/validation_report.hpp"
#include "unit/testing/schema_rules.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace request_schema_test {

namespace json = boost::json;
using namespace schema_rules;

namespace {

using problems = std::vector<std::string>;

problems problems_of(const json::value& request)
{
    dedalus::testing::validation_report report;
    dedalus::testing::check_request_schema(request, report);
    problems found;
    const json::object body = report.body();
    for (const json::value& item : body.at("detail").as_array()) {
        std::string place;
        for (const json::value& step : item.at("loc").as_array())
            place.append(place.empty() ? "" : ".")
                .append(step.is_string() ? std::string(step.get_string()) : json::serialize(step));
        found.push_back(place + ": " + std::string(item.at("type").as_string()));
    }
    return found;
}

/// The location of a JSON pointer as the report writes it.
std::string location_of(std::string_view pointer)
{
    std::string text = "body";
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        const bool is_escape = pointer.substr(i, 2) == "~1";
        const char c = pointer[i] == '/' ? '.' : pointer[i];
        text += is_escape ? '/' : c;
        i += is_escape ? 1 : 0;
    }
    return text;
}

std::pair<std::string, std::string> split_pointer(const std::string& pointer)
{
    const std::size_t slash = pointer.rfind('/');
    return {pointer.substr(0, slash), pointer.substr(slash + 1)};
}

json::value every_member()
{
    return test::fixture_json("request/every_member.json");
}

json::value with(const rule& place, const json::value& value)
{
    json::value request = every_member();
    request.at_pointer(place.place) = value;
    return request;
}

json::value without(const rule& place)
{
    json::value request = every_member();
    const auto [parent, name] = split_pointer(place.place);
    REQUIRE(request.at_pointer(parent).as_object().erase(name) == 1);
    return request;
}

bool is_tag(const rule& place)
{
    return place.when == presence::tag || place.when == presence::optional_tag;
}

void check_values(const rule& place)
{
    // A union reports at itself what is wrong with its tag.
    const std::string at = location_of(is_tag(place) ? split_pointer(place.place).first : place.place);
    for (const std::string& accepted : place.accepted) {
        CAPTURE(accepted);
        CHECK(problems_of(with(place, json::parse(accepted))) == problems{});
    }
    for (const auto& [refused, type] : place.refused) {
        CAPTURE(refused);
        CHECK(problems_of(with(place, json::parse(refused))) == problems{at + ": " + type});
    }
}

void check_presence(const rule& place)
{
    const std::string at = location_of(place.place);
    const bool takes_null = place.when == presence::nullable || place.when == presence::required_nullable;
    CHECK(problems_of(with(place, nullptr)).empty() == takes_null);
    if (place.when == presence::required || place.when == presence::required_nullable)
        CHECK(problems_of(without(place)) == problems{at + ": missing"});
    else if (place.when == presence::tag)
        CHECK(
            problems_of(without(place)) ==
            problems{location_of(split_pointer(place.place).first) + ": union_tag_not_found"}
        );
    else if (place.when != presence::element)
        CHECK(problems_of(without(place)) == problems{});
}

std::vector<rule> all_rules()
{
    std::vector<rule> all;
    for (const std::vector<rule>& group :
         {core_rules(),
          tool_rules(),
          provider_rules(),
          orchestration_rules(),
          settings_rules(),
          question_rules(),
          answer_rules()})
        all.insert(all.end(), group.begin(), group.end());
    return all;
}

std::string escaped(std::string_view key)
{
    std::string text;
    for (const char c : key)
        text += c == '/' ? "~1" : std::string(1, c);
    return text;
}

/// The members of objects inside `value` that have no rule.
void find_unruled(
    const json::value& value,
    const std::string& at,
    const std::map<std::string, rule>& rules,
    std::vector<std::string>& found
)
{
    if (const auto known = rules.find(at); known != rules.end() && known->second.free_content)
        return;
    if (const json::object* object = value.if_object()) {
        for (const auto& [key, member] : *object) {
            const std::string place = at + "/" + escaped(key);
            if (!rules.contains(place))
                found.push_back(place);
            find_unruled(member, place, rules, found);
        }
    }
    else if (const json::array* array = value.if_array()) {
        for (std::size_t i = 0; i < array->size(); ++i)
            find_unruled((*array)[i], at + "/" + std::to_string(i), rules, found);
    }
}

}  // namespace

TEST_CASE("each member of a request takes its values, and others are refused at its place")
{
    CHECK(problems_of(every_member()) == problems{});
    for (const rule& place : all_rules()) {
        CAPTURE(place.place);
        check_values(place);
        check_presence(place);
    }
}

TEST_CASE("every member of the request that has all of them is tested")
{
    std::map<std::string, rule> rules;
    for (const rule& place : all_rules())
        CHECK(rules.emplace(place.place, place).second);
    std::vector<std::string> found;
    find_unruled(every_member(), "", rules, found);
    CHECK(found == std::vector<std::string>{});
}

TEST_CASE("only models with settings, MCP servers and credentials refuse other members")
{
    for (const char* parent : {"/model/0", "/mcp_servers/1", "/credentials/0"}) {
        json::value request = every_member();
        request.at_pointer(parent).as_object()["made_up"] = 1;
        CHECK(problems_of(request) == problems{location_of(parent) + ".made_up: extra_forbidden"});
    }
    for (const char* parent : {"", "/model/0/settings", "/messages/2", "/tools/0/function", "/thinking", "/audio"}) {
        json::value request = every_member();
        request.at_pointer(parent).as_object()["made_up"] = 1;
        CHECK(problems_of(request) == problems{});
    }
}

TEST_CASE("metadata has at most 16 members with keys of at most 64 and texts of at most 512 characters")
{
    const auto metadata = [](json::object members) {
        json::value request = every_member();
        request.as_object()["metadata"] = std::move(members);
        return problems_of(request);
    };
    const std::string longest_key(64, 'k');
    json::object full{{longest_key, std::string(512, 'v')}};
    while (full.size() < 16)
        full["k" + std::to_string(full.size())] = "";
    CHECK(metadata(full) == problems{});
    full["one more"] = "";
    CHECK(metadata(full) == problems{"body.metadata: too_long"});
    CHECK(metadata({{longest_key + "k", ""}}) == problems{"body.metadata." + longest_key + "k.[key]: string_too_long"});
    CHECK(metadata({{"k", std::string(513, 'v')}}) == problems{"body.metadata.k: string_too_long"});
}

TEST_CASE("an assistant message without content has calls")
{
    const auto check = [](const char* message) {
        return problems_of(json::object{{"model", "m"}, {"messages", json::array{json::parse(message)}}});
    };
    CHECK(check(R"({"role":"assistant","function_call":{"name":"f","arguments":""}})") == problems{});
    for (const char* silent : {R"({"role":"assistant"})", R"({"role":"assistant","function_call":null})"})
        CHECK(check(silent) == problems{"body.messages.0.content: missing"});
}

TEST_CASE("the messages of a report are those of the API")
{
    dedalus::testing::validation_report report;
    dedalus::testing::check_request_schema(
        json::parse(R"({"messages":[],"n":0,"verbosity":"x","temperature":3.5,"safety_identifier":5})"), report
    );
    std::vector<std::string> messages;
    const json::object body = report.body();
    for (const json::value& item : body.at("detail").as_array())
        messages.emplace_back(item.at("msg").as_string());
    CHECK(
        messages ==
        std::vector<std::string>{
            "Field required",
            "List should have at least 1 item after validation, not 0",
            "Input should be greater than or equal to 1",
            "Input should be less than or equal to 2",
            "Input should be 'low', 'medium' or 'high'",
            "Input should be a valid string"}
    );
}

}  // namespace request_schema_test
