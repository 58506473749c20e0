#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/raw_http_client.hpp"

#include <boost/json/parse.hpp>

#include <string>

namespace testserver_conversation_test {

using dedalus::testing::server;
using test::http_answer;
using test::raw_http_client;

namespace {

std::string call(const std::string& id)
{
    return R"({"id":")" + id + R"(","type":"function","function":{"name":"f","arguments":"{}"}})";
}

std::string asks(const std::string& calls)
{
    return R"({"role":"assistant","content":null,"tool_calls":[)" + calls + "]}";
}

std::string result(const std::string& id)
{
    return R"({"role":"tool","tool_call_id":")" + id + R"(","content":"done"})";
}

const std::string user = R"({"role":"user","content":"go on"})";

http_answer post_messages(const std::string& messages, const std::string& more = "")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    return client.post(std::string_view(R"({"model":"m","messages":[)" + messages + "]" + more + "}"));
}

void check_refused(const http_answer& answer, const std::string& param, const std::string& mentioned)
{
    INFO(answer.body);
    REQUIRE(answer.status == 400);
    CHECK(answer.error_member("type") == "invalid_request_error");
    CHECK(answer.error_member("param") == param);
    CHECK(answer.error_member("message").find(mentioned) != std::string::npos);
}

}  // namespace

TEST_CASE("a conversation in which every call is answered once is accepted")
{
    CHECK(post_messages(asks(call("a")) + "," + result("a")).status == 200);
    CHECK(
        post_messages(asks(call("a") + "," + call("b")) + "," + result("b") + "," + result("a") + "," + user).status ==
        200
    );
    // Ids may come again after another assistant message: some providers number calls per turn.
    CHECK(post_messages(asks(call("a")) + "," + result("a") + "," + asks(call("a")) + "," + result("a")).status == 200);
}

TEST_CASE("a call without an answer is refused")
{
    check_refused(post_messages(asks(call("a"))), "messages", "a");
    check_refused(post_messages(asks(call("a") + "," + call("b")) + "," + result("a")), "messages", "b");
    check_refused(post_messages(asks(call("a")) + "," + user), "messages[1]", "a");
    check_refused(post_messages(asks(call("a")) + "," + user + "," + result("a")), "messages[1]", "a");
    check_refused(post_messages(asks(call("a")) + "," + asks(call("b")) + "," + result("b")), "messages[1]", "a");
}

TEST_CASE("a tool message without its call is refused")
{
    check_refused(post_messages(result("a")), "messages[0]", "a");
    check_refused(post_messages(user + "," + result("a")), "messages[1]", "a");
    check_refused(post_messages(asks(call("a")) + "," + result("b")), "messages[1]", "b");
}

TEST_CASE("a call answered twice, and two calls with one id, are refused")
{
    check_refused(post_messages(asks(call("a")) + "," + result("a") + "," + result("a")), "messages[2]", "second time");
    check_refused(post_messages(asks(call("a") + "," + call("a")) + "," + result("a")), "messages[0]", "same id");
}

TEST_CASE("a call that is listed in deferred_calls needs no answer")
{
    const std::string messages = asks(call("a") + "," + call("b")) + "," + result("a");
    CHECK(post_messages(messages, R"(,"deferred_calls":[{"id":"b","name":"f"}])").status == 200);
    check_refused(post_messages(messages, R"(,"deferred_calls":[{"id":"c","name":"f"}])"), "messages", "b");
}

TEST_CASE("a tool choice must name an offered tool")
{
    const std::string tools = R"(,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":)";
    CHECK(post_messages(user, tools + R"({"type":"tool","name":"f"})").status == 200);
    check_refused(post_messages(user, tools + R"({"type":"tool","name":"g"})"), "tool_choice", "g");
    check_refused(post_messages(user, tools + R"({"type":"function","function":{"name":"g"}})"), "tool_choice", "g");
    // It may be a tool of the MCP server.
    CHECK(post_messages(user, tools + R"({"type":"tool","name":"g"},"mcp_servers":"a/b")").status == 200);
}

TEST_CASE("options are refused without what they belong to")
{
    check_refused(post_messages(user, R"(,"stream_options":{"include_usage":true})"), "stream_options", "stream");
    check_refused(
        post_messages(user, R"(,"stream":false,"stream_options":{"include_usage":true})"), "stream_options", "stream"
    );
    check_refused(post_messages(user, R"(,"top_logprobs":3)"), "top_logprobs", "logprobs");
}

TEST_CASE("a broken conversation uses up no scripted reply")
{
    server tested({.tls = false});
    tested.enqueue(dedalus::testing::text_reply("scripted"));
    raw_http_client client(tested);
    CHECK(client.post(std::string_view(R"({"model":"m","messages":[)" + result("a") + "]}")).status == 400);
    const http_answer answer = client.post(std::string_view(R"({"model":"m"})"));
    CHECK(answer.json().at("choices").at(0).at("message").at("content") == "scripted");
}

}  // namespace testserver_conversation_test
