#include <dedalus/chat/request.hpp>
#include <dedalus/dialect.hpp>

#include "codec/encode_chat_request.hpp"
#include "support/catch.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace dialect_test {

namespace {

using namespace dedalus;
namespace json = boost::json;

json::object body_of(const chat_completion_request& request, dialect to)
{
    return json::parse(codec::encode_chat_request(request, false, to)).as_object();
}

json::value sent_choice(const tool_choice& choice, dialect to)
{
    const chat_completion_request request{.model = "m", .tool_choice = choice};
    return body_of(request, to).at("tool_choice");
}

struct choice_row
{
    tool_choice choice;
    const char* dedalus;
    const char* openai;
    const char* mistral;
};

const char* const function_f = R"({"type":"function","function":{"name":"f"}})";
const char* const tool_f = R"({"type":"tool","name":"f"})";

}  // namespace

TEST_CASE("each dialect sends a tool choice in its own form, whichever form it was given in")
{
    const std::vector<choice_row> rows{
        {tool_choice_mode("auto"), R"({"type":"auto"})", R"("auto")", R"("auto")"},
        {tool_choice_mode("none"), R"({"type":"none"})", R"("none")", R"("none")"},
        {tool_choice_mode("required"), R"({"type":"any"})", R"("required")", R"("any")"},
        {tool_choice_mode("any"), R"({"type":"any"})", R"("required")", R"("any")"},
        {tool_choice_auto{}, R"({"type":"auto"})", R"("auto")", R"("auto")"},
        {tool_choice_any{}, R"({"type":"any"})", R"("required")", R"("any")"},
        {tool_choice_none{}, R"({"type":"none"})", R"("none")", R"("none")"},
        {tool_choice_tool{.name = "f"}, tool_f, function_f, function_f},
        {tool_choice_function{.function = {.name = "f"}}, tool_f, function_f, function_f},
    };
    for (const choice_row& row : rows) {
        INFO(row.dedalus);
        CHECK(sent_choice(row.choice, dialect::dedalus) == json::parse(row.dedalus));
        CHECK(sent_choice(row.choice, dialect::openai) == json::parse(row.openai));
        CHECK(sent_choice(row.choice, dialect::mistral) == json::parse(row.mistral));
    }
}

TEST_CASE("a tool choice that has one form only is sent in it by every dialect")
{
    const json::value custom = json::parse(R"({"type":"custom","custom":{"name":"c"}})");
    const json::value allowed = json::parse(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{}]}})");
    for (const dialect to : {dialect::dedalus, dialect::openai, dialect::mistral}) {
        CHECK(sent_choice(tool_choice_mode("later"), to) == "later");
        CHECK(sent_choice(tool_choice_custom{.custom = {.name = "c"}}, to) == custom);
        CHECK(sent_choice(tool_choice_allowed_tools{.allowed_tools = {.mode = "auto", .tools = {{}}}}, to) == allowed);
        CHECK(sent_choice(json::object{{"type", "odd"}}, to) == json::object{{"type", "odd"}});
    }
}

TEST_CASE("the object form of a tool choice keeps its other members in Dedalus' own dialect")
{
    const tool_choice choice = tool_choice_tool{.name = "f", .disable_parallel_tool_use = true, .extra = {{"x", 1}}};
    CHECK(
        sent_choice(choice, dialect::dedalus) ==
        json::parse(R"({"type":"tool","name":"f","disable_parallel_tool_use":true,"x":1})")
    );
}

TEST_CASE("the parallel switch of a tool choice becomes parallel_tool_calls where the choice is a word")
{
    chat_completion_request request{.model = "m", .tool_choice = tool_choice_auto{.disable_parallel_tool_use = true}};
    CHECK(body_of(request, dialect::openai).at("parallel_tool_calls") == false);
    CHECK_FALSE(body_of(request, dialect::dedalus).contains("parallel_tool_calls"));
    request.parallel_tool_calls = true;
    CHECK(body_of(request, dialect::openai).at("parallel_tool_calls") == true);
}

TEST_CASE("Mistral's dialect uses Mistral's names")
{
    const chat_completion_request request{
        .model = "mistral-large",
        .messages =
            {developer_message{"Be brief."},
             user_message{
                 .content =
                     std::vector<content_part>{
                         text_part{"Look"},
                         audio_part{.input_audio = {.data = "UklG", .format = "wav"}},
                         file_part{.file = {.file_id = "file_1"}},
                         image_part{.image_url = {.url = "https://a.example/i.png"}}}}},
        .stop = stop_sequences("END"),
        .max_completion_tokens = 9,
        .seed = 7,
    };
    CHECK(body_of(request, dialect::mistral) == json::parse(R"({
        "model": "mistral-large",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "Look"},
                {"type": "input_audio", "input_audio": "UklG"},
                {"type": "file", "file_id": "file_1"},
                {"type": "image_url", "image_url": {"url": "https://a.example/i.png"}}]}],
        "stop": ["END"], "max_tokens": 9, "random_seed": 7})"));
    const json::object elsewhere = body_of(request, dialect::openai);
    CHECK(elsewhere.at("seed") == 7);
    CHECK(elsewhere.at("stop") == "END");
    CHECK(elsewhere.at("messages").at(0).at("role") == "developer");
}

TEST_CASE("Mistral's dialect leaves raw messages as they are, and has the text of a message in its own form")
{
    chat_completion_request request{.model = "m", .messages = {developer_message{"Be brief."}}};
    const std::string text = codec::encode_message(request.messages[0], 0, dialect::mistral);
    CHECK(boost::json::parse(text) == body_of(request, dialect::mistral).at("messages").at(0));
    request.messages_raw = R"([{"role":"developer","content":"Be brief."}])";
    CHECK(body_of(request, dialect::mistral).at("messages").at(0).at("role") == "developer");
}

TEST_CASE("Mistral's dialect does not overwrite what is there under the new name")
{
    const chat_completion_request request{.model = "m", .max_tokens = 3, .max_completion_tokens = 9};
    const json::object body = body_of(request, dialect::mistral);
    CHECK(body.at("max_tokens") == 3);
    CHECK(body.at("max_completion_tokens") == 9);
}

TEST_CASE("no dialect changes what the caller gave as JSON")
{
    const json::object given{{"tool_choice", "any"}, {"seed", 5}, {"stop", "x"}};
    const chat_completion_request request{.model = "m", .extra = given};
    for (const dialect to : {dialect::dedalus, dialect::openai, dialect::mistral}) {
        const json::object body = body_of(request, to);
        CHECK(body.at("tool_choice") == "any");
        CHECK(body.at("seed") == 5);
        CHECK(body.at("stop") == "x");
    }
}

}  // namespace dialect_test
