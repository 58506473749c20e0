#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/raw_http_client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <functional>
#include <string>

namespace testserver_handoff_test {

namespace json = boost::json;
using namespace std::chrono_literals;
using dedalus::testing::server;
using test::event_data;
using test::http_answer;
using test::raw_http_client;

namespace {

const std::string two_tools = R"("tools":[
    {"type":"function","function":{"name":"read_calendar","parameters":{"type":"object",
        "properties":{"day":{"type":"string"}},"required":["day"]}}},
    {"type":"function","function":{"name":"confirm_booking"}}])";

const std::string one_tool = R"("tools":[{"type":"function","function":{"name":"read_calendar"}}])";

std::string first_request(const std::string& members)
{
    return R"({"model":"m","messages":[{"role":"user","content":"book"}],)" + members + "}";
}

/// The bytes of `deferred` in an answer, where it is the last member.
std::string raw_deferred(const std::string& body)
{
    const std::string key = "\"deferred\":";
    const std::size_t begin = body.rfind(key);
    REQUIRE(begin != std::string::npos);
    return body.substr(begin + key.size(), body.size() - begin - key.size() - 1);
}

/// A handoff answer and what a client makes of it.
struct handoff
{
    explicit handoff(const http_answer& answer) : body(answer.json()), deferred(raw_deferred(answer.body)) {}

    std::string pending_id(std::size_t i) const
    {
        return std::string(body.at("pending_tools").at(i).at("id").as_string());
    }

    std::string correlation_id() const { return std::string(body.at("correlation_id").as_string()); }

    std::string messages() const
    {
        const auto result = [&](std::size_t i, const char* text) {
            return R"({"role":"tool","tool_call_id":")" + pending_id(i) + R"(","content":")" + text + "\"}";
        };
        return R"("messages":[{"role":"user","content":"book"},)" +
               json::serialize(body.at("choices").at(0).at("message")) + "," + result(0, "free on Monday") + "," +
               result(1, "B-9") + "]";
    }

    std::string correlation() const { return R"(,"correlation_id":")" + correlation_id() + "\""; }

    std::string deferred_calls() const { return ",\"deferred_calls\":" + deferred; }

    std::string resume(const std::string& more) const
    {
        return R"({"model":"m","handoff_mode":true,)" + two_tools + "," + messages() + more + "}";
    }

    json::value body;
    std::string deferred;
};

handoff begin(raw_http_client& client, const std::string& members = R"("handoff_mode":true,)" + two_tools)
{
    const http_answer answer = client.post(std::string_view(first_request(members)));
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return handoff(answer);
}

void check_final(const http_answer& answer)
{
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    const json::value body = answer.json();
    const std::string text(body.at("choices").at(0).at("message").at("content").as_string());
    CHECK(text.find("free on Monday") != std::string::npos);
    CHECK(text.find("B-9") != std::string::npos);
    CHECK(text.find("send_confirmation said: confirmed R-") != std::string::npos);
    CHECK(body.at("tools_executed") == json::array{"send_confirmation"});
    CHECK(body.at("turns_consumed") == 1);
    CHECK(body.at("choices").at(0).at("finish_reason") == "stop");
    CHECK_FALSE(body.as_object().contains("pending_tools"));
    CHECK_FALSE(body.as_object().contains("deferred"));
}

void check_refused(const http_answer& answer, int status, const std::string& param, const std::string& mentioned)
{
    INFO(answer.body);
    REQUIRE(answer.status == status);
    CHECK(answer.error_member("type") == "invalid_request_error");
    CHECK(answer.error_member("param") == param);
    CHECK(answer.error_member("message").find(mentioned) != std::string::npos);
}

std::string replaced(std::string text, const std::string& what, const std::string& by)
{
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("a handoff answer has a server result, two pending calls in order and a deferred call")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    const json::value& body = answer.body;
    CHECK(body.at("tools_executed") == json::array{"search_offers"});
    CHECK(body.at("turns_consumed") == 1);
    REQUIRE(body.at("server_results").as_object().size() == 1);
    const std::string server_call(body.at("server_results").as_object().begin()->key());

    const json::array& pending = body.at("pending_tools").as_array();
    REQUIRE(pending.size() == 2);
    CHECK(pending[0].at("name") == "read_calendar");
    CHECK(pending[0].at("arguments").at("day").is_string());
    CHECK_FALSE(pending[0].as_object().contains("dependencies"));
    CHECK(pending[1].at("name") == "confirm_booking");
    CHECK(pending[1].at("dependencies") == json::array{pending[0].at("id")});

    const json::value& deferred = body.at("deferred").at(0);
    CHECK(deferred.at("venue") == "server");
    CHECK(deferred.at("blocked_by") == json::array{pending[1].at("id")});
    CHECK(deferred.at("dependencies") == json::array{json::value(server_call), pending[1].at("id")});

    const json::value& choice = body.at("choices").at(0);
    CHECK(choice.at("finish_reason") == "tool_calls");
    const json::array& calls = choice.at("message").at("tool_calls").as_array();
    REQUIRE(calls.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(calls[i].at("id") == pending[i].at("id"));
        CHECK(json::parse(calls[i].at("function").at("arguments").as_string()) == pending[i].at("arguments"));
    }
}

TEST_CASE("the bytes of deferred do not survive a new serialization")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    CHECK(json::serialize(json::parse(answer.deferred)) != answer.deferred);
    for (const char* fragile : {"1.0", "1e2", "0.10", "12345678901234567890123", "\\/", "\\u00fc", "\n", "\t"})
        CHECK(answer.deferred.find(fragile) != std::string::npos);
}

TEST_CASE("a single tool serves both pending calls")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client, R"("handoff_mode":true,)" + one_tool);
    CHECK(answer.body.at("pending_tools").at(0).at("name") == "read_calendar");
    CHECK(answer.body.at("pending_tools").at(1).at("name") == "read_calendar");
    CHECK(answer.pending_id(0) != answer.pending_id(1));
}

TEST_CASE("what decides between a handoff and a plain answer")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const auto is_handoff = [&](const std::string& members) {
        const http_answer answer = client.post(std::string_view(first_request(members)));
        REQUIRE(answer.status == 200);
        return answer.json().as_object().contains("pending_tools");
    };
    CHECK(is_handoff(R"("handoff_mode":true,)" + two_tools));
    CHECK(is_handoff(R"("mcp_servers":["a/b"],)" + two_tools));
    CHECK(is_handoff(R"("mcp_servers":"a/b","handoff_mode":null,)" + two_tools));
    CHECK_FALSE(is_handoff(R"("mcp_servers":["a/b"],"handoff_mode":false,)" + two_tools));
    CHECK_FALSE(is_handoff(R"("mcp_servers":[],)" + two_tools));
    CHECK_FALSE(is_handoff(two_tools));
    CHECK_FALSE(is_handoff(R"("handoff_mode":true)"));
    CHECK_FALSE(is_handoff(R"("handoff_mode":true,"tool_choice":"none",)" + two_tools));
    CHECK_FALSE(is_handoff(R"("handoff_mode":true,"automatic_tool_execution":false,)" + two_tools));
}

TEST_CASE("a resume with session and deferred calls gets the final answer")
{
    const bool tls = GENERATE(false, true);
    server tested({.tls = tls});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    check_final(client.post(std::string_view(answer.resume(answer.correlation() + answer.deferred_calls()))));
}

TEST_CASE("a resume may come from the session alone")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    const std::string request = answer.resume(answer.correlation());
    check_final(client.post(std::string_view(request)));
    // A client that did not see the answer may send its request again.
    check_final(client.post(std::string_view(request)));
}

TEST_CASE("a resume may come from the deferred calls alone")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    SECTION("the session is forgotten")
    {
        tested.expire_sessions();
        check_final(client.post(std::string_view(answer.resume(answer.correlation() + answer.deferred_calls()))));
    }
    SECTION("no session is named")
    {
        check_final(client.post(std::string_view(answer.resume(answer.deferred_calls()))));
    }
    SECTION("another server has never heard of it")
    {
        server other({.tls = false});
        raw_http_client other_client(other);
        check_final(other_client.post(std::string_view(answer.resume(answer.correlation() + answer.deferred_calls()))));
    }
}

TEST_CASE("a session ends with its lifetime")
{
    server tested({.tls = false, .session_lifetime = 0ms});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    const http_answer refused = client.post(std::string_view(answer.resume(answer.correlation())));
    check_refused(refused, 404, "", answer.correlation_id());
    CHECK(refused.error_member("code") == "session_not_found");
}

TEST_CASE("a resume without a usable session or deferred calls is refused")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    const http_answer unknown = client.post(std::string_view(answer.resume(R"(,"correlation_id":"corr_unknown")")));
    check_refused(unknown, 404, "", "corr_unknown");
    CHECK(unknown.error_member("code") == "session_not_found");
    check_refused(client.post(std::string_view(answer.resume(""))), 400, "correlation_id", "correlation_id");
    check_refused(client.post(std::string_view(answer.resume(R"(,"deferred_calls":[])"))), 400, "correlation_id", "");
}

TEST_CASE("deferred calls must come back byte for byte")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    const bool with_session = GENERATE(true, false);
    if (!with_session)
        tested.expire_sessions();
    const std::function<std::string(const std::string&)> change = GENERATE(
        as<std::function<std::string(const std::string&)>>(),
        [](const std::string& raw) { return json::serialize(json::parse(raw)); },
        [](const std::string& raw) { return replaced(raw, "1.0", "1"); },
        [](const std::string& raw) { return replaced(raw, "1e2", "100"); },
        [](const std::string& raw) { return replaced(raw, "\\/", "/"); },
        [](const std::string& raw) { return replaced(raw, "\\u00fc", "\xc3\xbc"); },
        [](const std::string& raw) { return replaced(raw, "\n", " "); },
        [](const std::string& raw) { return replaced(raw, ".", "0."); }
    );
    const std::string changed = ",\"deferred_calls\":" + change(answer.deferred);
    check_refused(
        client.post(std::string_view(answer.resume(answer.correlation() + changed))),
        400,
        "deferred_calls",
        "deferred_calls"
    );
}

TEST_CASE("deferred calls of another handoff are refused")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff one = begin(client);
    const handoff other = begin(client);
    check_refused(
        client.post(std::string_view(one.resume(one.correlation() + other.deferred_calls()))),
        400,
        "deferred_calls",
        "deferred_calls"
    );
    check_refused(
        client.post(std::string_view(one.resume(other.deferred_calls()))), 400, "messages", other.pending_id(0)
    );
}

TEST_CASE("white space around the deferred calls does not count")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    check_final(client.post(
        std::string_view(answer.resume(answer.correlation() + ",\n \"deferred_calls\" :\t " + answer.deferred + " \n"))
    ));
}

TEST_CASE("both pending calls must be answered")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    // The client dropped the second call from the assistant message too, so that the conversation itself is valid.
    const std::string request =
        R"({"model":"m","handoff_mode":true,)" + two_tools + answer.correlation() +
        R"(,"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":")" + answer.pending_id(0) +
        R"(","type":"function","function":{"name":"read_calendar","arguments":"{}"}}]},{"role":"tool","tool_call_id":")" +
        answer.pending_id(0) + R"(","content":"x"}]})";
    check_refused(client.post(std::string_view(request)), 400, "messages", answer.pending_id(1));
}

TEST_CASE("without handoff mode the results are answered by the plain behaviour")
{
    server tested({.tls = false});
    raw_http_client client(tested);
    const handoff answer = begin(client);
    const http_answer plain =
        client.post(std::string_view(replaced(answer.resume(""), R"("handoff_mode":true)", R"("handoff_mode":false)")));
    REQUIRE(plain.status == 200);
    CHECK(plain.json().at("choices").at(0).at("message").at("content").as_string().starts_with("The tools answered."));
}

TEST_CASE("a streamed handoff carries its members on the last chunk")
{
    const std::string options = GENERATE(as<std::string>(), "", R"("stream_options":{"include_usage":true},)");
    server tested({.tls = false});
    raw_http_client client(tested);
    const std::string members = R"("stream":true,)" + options + R"("handoff_mode":true,)" + two_tools;
    const http_answer answer = client.post(std::string_view(first_request(members)));
    REQUIRE(answer.status == 200);
    const std::vector<std::string> events = event_data(answer.body);
    REQUIRE(events.size() > 3);
    CHECK(events.back() == "[DONE]");
    const std::string& last = events[events.size() - 2];
    const json::value chunk = json::parse(last);
    for (const char* name : {"correlation_id", "pending_tools", "server_results", "tools_executed", "turns_consumed"})
        CHECK(chunk.as_object().contains(name));
    for (std::size_t i = 0; i + 2 < events.size(); ++i)
        CHECK(events[i].find("pending_tools") == std::string::npos);

    // The bytes of `deferred` come through the event stream unchanged.
    const std::string request =
        R"({"model":"m","stream":true,"handoff_mode":true,)" + two_tools + R"(,"deferred_calls":)" +
        raw_deferred(last) + R"(,"messages":[{"role":"assistant","content":null,"tool_calls":[)" + R"({"id":")" +
        std::string(chunk.at("pending_tools").at(0).at("id").as_string()) +
        R"(","type":"function","function":{"name":"read_calendar","arguments":"{}"}},{"id":")" +
        std::string(chunk.at("pending_tools").at(1).at("id").as_string()) +
        R"(","type":"function","function":{"name":"confirm_booking","arguments":"{}"}}]},{"role":"tool","tool_call_id":")" +
        std::string(chunk.at("pending_tools").at(0).at("id").as_string()) +
        R"(","content":"one"},{"role":"tool","tool_call_id":")" +
        std::string(chunk.at("pending_tools").at(1).at("id").as_string()) + R"(","content":"two"}]})";
    const http_answer resumed = client.post(std::string_view(request));
    INFO(resumed.body);
    REQUIRE(resumed.status == 200);
    const std::vector<std::string> final_events = event_data(resumed.body);
    REQUIRE(final_events.size() > 3);
    CHECK(json::parse(final_events[final_events.size() - 2]).at("tools_executed") == json::array{"send_confirmation"});
}

}  // namespace testserver_handoff_test
