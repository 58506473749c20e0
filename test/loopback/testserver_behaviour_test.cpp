#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/raw_http_client.hpp"

#include <boost/json/parse.hpp>

#include <string>
#include <vector>

namespace testserver_behaviour_test {

namespace json = boost::json;
using namespace std::chrono_literals;
using dedalus::testing::server;
using test::event_data;
using test::http_answer;
using test::post_once;
using test::raw_http_client;

namespace {

/// A request with one user message; `members` is JSON text without braces.
json::object question(const std::string& text, const std::string& members = "")
{
    json::object request = json::parse("{" + members + "}").as_object();
    request["model"] = "openai/gpt-5-nano";
    request["messages"] = json::array{json::object{{"role", "user"}, {"content", text}}};
    return request;
}

json::value ask(const json::object& request)
{
    server tested({.tls = false});
    const http_answer answer = post_once(tested, request);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return answer.json();
}

std::vector<json::value> ask_stream(json::object request, dedalus::testing::server_options options = {.tls = false})
{
    server tested(options);
    request["stream"] = true;
    const http_answer answer = post_once(tested, request);
    REQUIRE(answer.status == 200);
    CHECK(answer.headers.find("content-type") == "text/event-stream");
    CHECK(answer.headers.find("transfer-encoding") == "chunked");
    std::vector<std::string> events = event_data(answer.body);
    REQUIRE_FALSE(events.empty());
    CHECK(events.back() == "[DONE]");
    events.pop_back();
    std::vector<json::value> chunks;
    for (const std::string& event : events)
        chunks.push_back(json::parse(event));
    return chunks;
}

const json::value& first_choice(const json::value& completion)
{
    return completion.at("choices").at(0);
}

std::string content(const json::value& completion)
{
    return std::string(first_choice(completion).at("message").at("content").as_string());
}

const std::string weather_tools = R"("tools":[
    {"type":"function","function":{"name":"get_weather","parameters":{"type":"object",
        "properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":3},"unit":{"enum":["c","f"]}},
        "required":["city","days","unit"]}}},
    {"type":"function","function":{"name":"get_time"}},
    {"type":"custom","custom":{"name":"calculate"}}])";

}  // namespace

TEST_CASE("a unary answer has the members of a chat completion")
{
    const json::value completion = ask(question("What is the capital of France?"));
    CHECK(completion.at("object") == "chat.completion");
    CHECK(completion.at("id").as_string().starts_with("chatcmpl-"));
    CHECK(completion.at("created").as_int64() > 1'700'000'000);
    CHECK(completion.at("model") == "openai/gpt-5-nano");
    CHECK(content(completion) == "The capital of France is Paris.");
    CHECK(first_choice(completion).at("index") == 0);
    CHECK(first_choice(completion).at("finish_reason") == "stop");
    CHECK(first_choice(completion).at("message").at("role") == "assistant");
    const json::value& usage = completion.at("usage");
    CHECK(usage.at("completion_tokens") == 6);
    CHECK(usage.at("prompt_tokens") == 3 + 3 + 6);
    CHECK(usage.at("total_tokens") == 18);
}

TEST_CASE("the answer depends on the last user message")
{
    CHECK(content(ask(question("Tell me a joke"))) == "You said: Tell me a joke");
    CHECK(content(ask(question("Norway's capital?"))) == "The capital of Norway is Oslo.");
    json::object parts = json::parse(R"({"model":"m","messages":[
        {"role":"user","content":"ignored"},{"role":"assistant","content":"yes"},
        {"role":"user","content":[{"type":"text","text":"two "},{"type":"text","text":"parts"}]}]})")
                             .as_object();
    CHECK(content(ask(parts)) == "You said: two parts");
    CHECK(content(ask(json::parse(R"({"model":"m"})").as_object())) == "Hello! How can I help?");
}

TEST_CASE("the model comes back as it was asked for")
{
    json::object request = question("hi");
    request["model"] = json::parse(R"([{"model":"a/first"},"b/second"])");
    CHECK(ask(request).at("model") == "a/first");
}

TEST_CASE("n choices are given")
{
    const json::value completion = ask(question("hi", R"("n":3)"));
    const json::array& choices = completion.at("choices").as_array();
    REQUIRE(choices.size() == 3);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(choices[i].at("index") == i);
}

TEST_CASE("token limits cut the answer")
{
    const char* limit = GENERATE(R"("max_tokens":2)", R"("max_completion_tokens":2)");
    const json::value completion = ask(question("one two three", limit));
    CHECK(content(completion) == "You said:");
    CHECK(first_choice(completion).at("finish_reason") == "length");
    CHECK(completion.at("usage").at("completion_tokens") == 2);
}

TEST_CASE("a limit that is large enough changes nothing")
{
    const json::value completion = ask(question("one two three", R"("max_tokens":5)"));
    CHECK(content(completion) == "You said: one two three");
    CHECK(first_choice(completion).at("finish_reason") == "stop");
}

TEST_CASE("stop sequences end the answer")
{
    CHECK(content(ask(question("one two three", R"("stop":" two")"))) == "You said: one");
    CHECK(content(ask(question("one two three", R"("stop":["three","one"])"))) == "You said: ");
}

TEST_CASE("log probabilities come when asked for")
{
    const json::value completion = ask(question("hi", R"("logprobs":true,"top_logprobs":1)"));
    const json::array& tokens = first_choice(completion).at("logprobs").at("content").as_array();
    REQUIRE(tokens.size() == 3);
    CHECK(tokens[0].at("token") == "You");
    CHECK(tokens[0].at("bytes") == json::array{89, 111, 117});
    CHECK(tokens[0].at("top_logprobs").as_array().size() == 1);
    CHECK(first_choice(ask(question("hi"))).at("logprobs").is_null());
}

TEST_CASE("a stream gives role, content, finish reason and the end mark")
{
    const std::vector<json::value> chunks = ask_stream(question("one two"));
    REQUIRE(chunks.size() == 6);
    std::string text;
    for (const json::value& chunk : chunks) {
        CHECK(chunk.at("object") == "chat.completion.chunk");
        CHECK(chunk.at("id") == chunks[0].at("id"));
        CHECK_FALSE(chunk.as_object().contains("usage"));
        if (const json::value* piece = first_choice(chunk).at("delta").as_object().if_contains("content"))
            text.append(piece->as_string());
    }
    CHECK(first_choice(chunks[0]).at("delta") == json::value{{"role", "assistant"}, {"content", ""}});
    CHECK(text == "You said: one two");
    CHECK(first_choice(chunks[4]).at("finish_reason").is_null());
    CHECK(first_choice(chunks[5]).at("finish_reason") == "stop");
}

TEST_CASE("a stream ends with usage when asked for")
{
    const std::vector<json::value> chunks = ask_stream(question("one", R"("stream_options":{"include_usage":true})"));
    CHECK(chunks.front().at("usage").is_null());
    CHECK(chunks.back().at("choices").as_array().empty());
    CHECK(chunks.back().at("usage").at("completion_tokens") == 3);
}

TEST_CASE("a stream carries every choice and its limits")
{
    const std::vector<json::value> chunks = ask_stream(question("one two", R"("n":2,"max_tokens":1)"));
    std::vector<std::string> finished;
    for (const json::value& chunk : chunks)
        if (!first_choice(chunk).at("finish_reason").is_null())
            finished.emplace_back(first_choice(chunk).at("finish_reason").as_string());
    CHECK(finished == std::vector<std::string>{"length", "length"});
    CHECK(first_choice(chunks.back()).at("index") == 1);
}

TEST_CASE("the events of a stream come apart when a delay is set")
{
    server tested({.tls = false, .stream_delay = std::chrono::minutes(10)});
    raw_http_client client(tested);
    client.send(test::chat_request_text(R"({"model":"m","stream":true})"));
    std::string first = client.read_at_least(1);
    while (!first.ends_with("\n\n\r\n"))
        first += client.read_at_least(1);
    CHECK(first.find("\"role\"") != std::string::npos);
    CHECK(first.find("Hello!") == std::string::npos);
    CHECK(client.silent_for(50ms));
}

TEST_CASE("a client that leaves a slow stream is noticed")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls, .stream_delay = std::chrono::minutes(10)});
    {
        raw_http_client client(tested);
        client.send(test::chat_request_text(R"({"model":"m","stream":true})"));
        client.read_at_least(100);
        CHECK(tested.connections_open() == 1);
    }
    CHECK(tested.wait_for_connections_open(0, 5s));
}

TEST_CASE("response formats give JSON")
{
    const json::value object = json::parse(content(ask(question("hi", R"("response_format":{"type":"json_object"})"))));
    CHECK(object.at("answer") == "You said: hi");

    const std::string schema = R"("response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{
        "type":"object","required":["name","age","tags","where","state","ratio","ok","no","short","fixed"],
        "properties":{"name":{"type":"string","minLength":8},"age":{"type":"integer","minimum":18},
          "tags":{"type":"array","items":{"type":"string"},"minItems":2},"where":{"$ref":"#/$defs/place"},
          "state":{"enum":["open","closed"]},"ratio":{"type":"number","maximum":0.5},"ok":{"type":"boolean"},
          "no":{"type":"null"},"short":{"type":["string","null"],"maxLength":2},"fixed":{"const":7},
          "unused":{"type":"string"}},
        "$defs":{"place":{"type":"object","required":["city"],"properties":{"city":{"anyOf":[{"type":"string"}]}}}}}}})";
    const json::value made = json::parse(content(ask(question("hi", schema))));
    CHECK(made.at("name").as_string().size() == 8);
    CHECK(made.at("age") == 18);
    CHECK(made.at("tags").as_array().size() == 2);
    CHECK(made.at("where").at("city").is_string());
    CHECK(made.at("state") == "open");
    CHECK(made.at("ratio") == 0.5);
    CHECK(made.at("ok") == true);
    CHECK(made.at("no").is_null());
    CHECK(made.at("short").as_string().size() == 2);
    CHECK(made.at("fixed") == 7);
    CHECK_FALSE(made.as_object().contains("unused"));
}

TEST_CASE("a schema that contains itself ends")
{
    const std::string schema = R"("response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{
        "type":"object","required":["next"],"properties":{"next":{"$ref":"#"}}}}})";
    CHECK(json::parse(content(ask(question("hi", schema)))).at("next").is_object());
}

TEST_CASE("with tools the answer to a user asks for the first one")
{
    const json::value completion = ask(question("hi", weather_tools));
    CHECK(first_choice(completion).at("finish_reason") == "tool_calls");
    const json::value& message = first_choice(completion).at("message");
    CHECK(message.at("content").is_null());
    const json::array& calls = message.at("tool_calls").as_array();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].at("type") == "function");
    CHECK(calls[0].at("function").at("name") == "get_weather");
    const json::value arguments = json::parse(calls[0].at("function").at("arguments").as_string());
    CHECK(arguments.at("city").is_string());
    CHECK(arguments.at("days") == 3);
    CHECK(arguments.at("unit") == "c");
    CHECK_FALSE(completion.as_object().contains("pending_tools"));
}

TEST_CASE("the tool choice decides which tool is asked for")
{
    const auto called = [](const std::string& choice) {
        const json::value completion = ask(question("hi", weather_tools + R"(,"tool_choice":)" + choice));
        const json::object& message = first_choice(completion).at("message").as_object();
        const json::value* calls = message.if_contains("tool_calls");
        if (calls == nullptr)
            return std::string("none");
        const json::object& call = calls->at(0).as_object();
        return std::string(call.at(call.at("type").as_string()).at("name").as_string());
    };
    CHECK(called(R"("auto")") == "get_weather");
    CHECK(called(R"("required")") == "get_weather");
    CHECK(called(R"({"type":"any"})") == "get_weather");
    CHECK(called(R"({"type":"tool","name":"get_time"})") == "get_time");
    CHECK(called(R"({"type":"function","function":{"name":"get_time"}})") == "get_time");
    CHECK(called(R"({"type":"custom","custom":{"name":"calculate"}})") == "calculate");
    CHECK(called(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto",
            "tools":[{"type":"function","function":{"name":"get_time"}}]}})") == "get_time");
    CHECK(called(R"("none")") == "none");
    CHECK(called(R"({"type":"none"})") == "none");
}

TEST_CASE("each choice has call ids of its own")
{
    const json::value completion = ask(question("hi", weather_tools + R"(,"n":2)"));
    const json::value& choices = completion.at("choices");
    CHECK(
        choices.at(0).at("message").at("tool_calls").at(0).at("id") !=
        choices.at(1).at("message").at("tool_calls").at(0).at("id")
    );
}

TEST_CASE("the answer to tool results quotes them")
{
    const json::object request = json::parse(
                                     R"({"model":"m","messages":[{"role":"user","content":"hi"},
        {"role":"assistant","content":null,"tool_calls":[
            {"id":"a","type":"function","function":{"name":"get_weather","arguments":"{}"}},
            {"id":"b","type":"custom","custom":{"name":"calculate","input":"1"}}]},
        {"role":"tool","tool_call_id":"b","content":"42"},{"role":"tool","tool_call_id":"a","content":"sunny"}],)" +
                                     weather_tools + "}"
    )
                                     .as_object();
    CHECK(content(ask(request)) == "The tools answered. calculate: 42; get_weather: sunny.");
    json::object forced = request;
    forced["tool_choice"] = "required";
    CHECK(first_choice(ask(forced)).at("finish_reason") == "tool_calls");
}

TEST_CASE("a streamed tool call comes in several deltas that make up its arguments")
{
    const std::vector<json::value> chunks = ask_stream(question("hi", weather_tools));
    std::string arguments;
    std::size_t deltas = 0;
    for (const json::value& chunk : chunks)
        if (const json::value* calls = first_choice(chunk).at("delta").as_object().if_contains("tool_calls")) {
            CHECK(calls->at(0).at("index") == 0);
            arguments.append(calls->at(0).at("function").at("arguments").as_string());
            CHECK(calls->at(0).as_object().contains("id") == (deltas == 0));
            ++deltas;
        }
    CHECK(deltas >= 3);
    CHECK(json::parse(arguments).at("days") == 3);
    CHECK(first_choice(chunks.back()).at("finish_reason") == "tool_calls");
}

TEST_CASE("server tools alone run in the same request, within its turns")
{
    const json::value completion = ask(question("hi", R"("mcp_servers":["a/b"])"));
    CHECK(completion.at("tools_executed") == json::array{"search_offers"});
    CHECK(completion.at("mcp_tool_results").at(0).at("tool_name") == "search_offers");
    CHECK(completion.at("turns_consumed") == 2);
    CHECK(first_choice(completion).at("finish_reason") == "stop");

    const json::value stopped = ask(question("hi", R"("mcp_servers":["a/b"],"max_turns":1)"));
    CHECK(content(stopped).find("max_turns") != std::string::npos);
    CHECK(first_choice(stopped).at("finish_reason") == "stop");
    CHECK(stopped.at("turns_consumed") == 1);
}

TEST_CASE("a handler takes the place of the server's own answers, after the script")
{
    server tested({.tls = false});
    tested.on_request(
        [](const dedalus::testing::received_request& request,
           const json::object& body) -> std::optional<dedalus::testing::reply> {
            if (body.at("model") == "throw")
                throw std::runtime_error("on purpose");
            if (body.at("model") == "leave")
                return std::nullopt;
            return dedalus::testing::text_reply("handled " + std::to_string(request.connection));
        }
    );
    tested.enqueue(dedalus::testing::text_reply("scripted"));
    raw_http_client client(tested);
    const auto text_for = [&](const char* model) {
        return content(client.post(json::object{{"model", model}}).json());
    };
    CHECK(text_for("m") == "scripted");
    CHECK(text_for("m") == "handled 1");
    CHECK(text_for("leave") == "Hello! How can I help?");
    const http_answer thrown = client.post(json::object{{"model", "throw"}});
    CHECK(thrown.status == 500);
    CHECK(thrown.error_member("message").find("on purpose") != std::string::npos);
}

}  // namespace testserver_behaviour_test
