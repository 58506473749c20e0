#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "support/catch.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value_from.hpp>

#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace wire_writer_test {

namespace json = boost::json;
using namespace dedalus;

namespace {

template <class T>
std::string problem_of(const T& value)
{
    try {
        static_cast<void>(json::value_from(value));
    }
    catch (const invalid_request_error& e) {
        const std::string what = e.what();
        return what.substr(0, what.find(": the request cannot be sent"));
    }
    return "none";
}

const char* const bad = "secret \xC3(";

}  // namespace

TEST_CASE("a text that is not UTF-8 is refused with its path, wherever it stands")
{
    struct row
    {
        std::string_view path;
        std::function<void(chat_completion_request&)> spoil;
    };

    const std::vector<row> rows{
        {"model", [](auto& r) { r.model = bad; }},
        {"model[1].model",
         [](auto& r) {
             r.model = std::vector<model_entry>{"a", dedalus_model{.model = bad}};
         }},
        {"model.settings.user", [](auto& r) { r.model = dedalus_model{.settings = model_settings{.user = bad}}; }},
        {"messages[1].content",
         [](auto& r) {
             r.messages = {user_message{"a"}, user_message{bad}};
         }},
        {"messages[0].content[0].text",
         [](auto& r) { r.messages = {user_message{std::vector<content_part>{text_part{bad}}}}; }},
        {"messages[0].content[0].x",
         [](auto& r) {
             r.messages = {user_message{std::vector<content_part>{json::object{{"x", bad}}}}};
         }},
        {"messages[0].reasoning_content", [](auto& r) { r.messages = {assistant_message{.reasoning_content = bad}}; }},
        {"messages[0].a[0].b",
         [](auto& r) {
             r.messages = {json::object{{"a", json::array{{{"b", bad}}}}}};
         }},
        {"stop[0]", [](auto& r) { r.stop = std::vector<std::string>{bad}; }},
        {"logit_bias[\"?\"]", [](auto& r) { r.logit_bias[bad] = 1; }},
        {"metadata[\"?\"]", [](auto& r) { r.metadata.emplace()[bad] = 1; }},
        {"metadata.ticket", [](auto& r) { r.metadata.emplace()["ticket"] = bad; }},
        {"reasoning_effort", [](auto& r) { r.reasoning_effort = bad; }},
        {"tools[0].function.parameters.title",
         [](auto& r) {
             r.tools = {function_tool{{.name = "f", .parameters = json::object{{"title", bad}}}}};
         }},
        {"thinking.type",
         [](auto& r) {
             r.extra["thinking"] = {{"type", bad}};
         }},
        {"[\"?\"]", [](auto& r) { r.extra[bad] = 1; }},
        {"tool_choice.name", [](auto& r) { r.tool_choice = tool_choice_tool{.name = bad}; }},
    };
    for (const auto& [path, spoil] : rows) {
        chat_completion_request request{.model = "m"};
        CHECK(problem_of(request) == "none");
        spoil(request);
        CHECK(problem_of(request) == std::string(path) + ": the text is not valid UTF-8");
    }
}

TEST_CASE("NaN and infinity are refused with their path")
{
    for (const double number :
         {std::numeric_limits<double>::quiet_NaN(),
          std::numeric_limits<double>::infinity(),
          -std::numeric_limits<double>::infinity()})
    {
        CHECK(
            problem_of(chat_completion_request{.temperature = number}) == "temperature: JSON has no NaN and no infinity"
        );
        chat_completion_request request;
        request.extra["model_attributes"] = {{"a", {{"b", {1, number}}}}};
        CHECK(problem_of(request) == "model_attributes.a.b[1]: JSON has no NaN and no infinity");
    }
}

TEST_CASE("a value that extra replaces is not looked at")
{
    chat_completion_request request{.model = "m", .user = bad};
    request.extra["user"] = "good";
    CHECK(json::value_from(request).at("user") == "good");
}

TEST_CASE("what is written uses the storage of its place alone")
{
    json::monotonic_resource memory;
    const chat_completion_request request{
        .model = "m", .messages = {json::object{{"role", "critic"}}}, .metadata = json::object{{"a", {{"b", 1}}}}};
    const json::value body = json::value_from(request, &memory);
    CHECK(body.at("metadata").at("a").storage().get() == &memory);
    CHECK(body.at("messages").at(0).storage().get() == &memory);
}

}  // namespace wire_writer_test
