#include "protocol/chat_stream_decoder.hpp"

#include <dedalus/api_error.hpp>
#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/replay.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat_stream_decoder_test {

using namespace dedalus;
using namespace dedalus::protocol;
using namespace test;

namespace {

using trace = std::vector<std::string>;

constexpr std::size_t no_limit = 64 * 1024 * 1024;

api_error_details answer_head()
{
    api_error_details head;
    head.status = 200;
    head.request_id = "req_1";
    head.headers = {{"Content-Type", "text/event-stream"}};
    return head;
}

chat_stream_decoder make_decoder(bool tolerate_missing_done = false)
{
    return {
        {.max_event_bytes = no_limit, .max_completion_bytes = no_limit, .tolerate_missing_done = tolerate_missing_done},
        answer_head()};
}

std::string describe(const api_error& e)
{
    return "api_error message=" + e.message() + " code=" + e.api_code() + " type=" + e.type() + " body=" + e.body();
}

// What a client sees that pulls all chunks after each read and stops at the first error.
trace run(const std::vector<std::string>& pieces, bool tolerate_missing_done = false)
{
    trace seen;
    chat_stream_decoder decoder = make_decoder(tolerate_missing_done);
    try {
        for (const std::string& piece : pieces) {
            decoder.feed(piece);
            while (decoder.next())
                seen.push_back("chunk " + decoder.take()->text());
        }
        if (decoder.done()) {
            seen.emplace_back("done");
        }
        else {
            decoder.finish();
            seen.emplace_back(decoder.done() ? "complete" : "finish() left it undone");
        }
    }
    catch (const api_error& e) {
        seen.push_back(describe(e));
        if (typeid(e) != typeid(api_error) || e.code() != errc::api || e.status() != 200 || !e.in_stream() ||
            e.request_id() != "req_1")
            seen.emplace_back("with wrong attributes");
    }
    catch (const response_format_error& e) {
        seen.emplace_back(e.code() == errc::invalid_response ? "malformed" : "limit exceeded");
    }
    catch (const incomplete_stream_error& e) {
        seen.push_back("incomplete, had '" + e.partial().text() + "'");
    }
    if (!decoder.done() || decoder.next())
        seen.emplace_back("not done after the end");
    return seen;
}

struct chat_row
{
    std::string name;
    std::string input;
    trace expected;
};

// Rows of the table of edge cases in the behaviour reference, by number; and the end rules.
const std::string a = R"(data: {"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]})"
                      "\n\n";
const std::string b = R"(data: {"id":"1","choices":[{"index":0,"delta":{"content":"b"}}]})"
                      "\n\n";
const std::string stop = R"(data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
                         "\n\n";
const std::string end = "data: [DONE]\n\n";

const std::vector<chat_row> rows{
    {"3: a name without data is nothing", "event: ping\n\n" + a + end, {"chunk a", "done"}},
    {"4: names do not leak from block to block", "event: error\n\nevent: ping\n\n" + a + end, {"chunk a", "done"}},
    {"5: several events in order", a + b + end, {"chunk a", "chunk b", "done"}},
    {"6: JSON over several data lines",
     "data: {\"choices\":\ndata: [{\"delta\":\ndata: {\"content\":\"a\"}}]}\n\n" + end,
     {"chunk a", "done"}},
    {"10: characters of several bytes",
     "data: {\"choices\":[{\"delta\":{\"content\":\"Жя€\"}}]}\n\n" + end,
     {"chunk Жя€", "done"}},
    {"13: lone CR", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\rdata: [DONE]\r\r", {"chunk a", "done"}},
    {"19: mixed line ends",
     "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\ndata: [DONE]\n\r",
     {"chunk a", "done"}},
    {"23: comments between", ": PROCESSING\n\n" + a + ": x\r\n\r\n" + end, {"chunk a", "done"}},
    {"25: retry between", "retry: 3000\n\n" + a + "id: 5\n\n\n\n" + end, {"chunk a", "done"}},
    {"26: only comments and retries, then the end", ": x\n\nretry: 1\n\n", {"incomplete, had ''"}},
    {"31: an event without line end at the end is thrown away",
     a + R"(data: {"choices":[{"delta":{"content":"lost"}}]})",
     {"chunk a", "incomplete, had 'a'"}},
    {"32: an event without its empty line is thrown away",
     a + "data: {\"choices\":[{\"delta\":{\"content\":\"lost\"}}]}\n",
     {"chunk a", "incomplete, had 'a'"}},
    {"32: an end marker without its empty line is no end marker",
     a + "data: [DONE]\n",
     {"chunk a", "incomplete, had 'a'"}},
    {"38: an event with empty data is malformed", a + "data:\n\n" + b, {"chunk a", "malformed"}},
    {"42: a byte-order mark", "\xEF\xBB\xBF" + a + end, {"chunk a", "done"}},
    {"45: invalid UTF-8 in a text", "data: {\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}\n\n", {"malformed"}},
    {"45: a cut character in a text",
     "data: {\"choices\":[{\"delta\":{\"content\":\"\xe2\x82\"}}]}\n\n",
     {"malformed"}},
    {"49: the end marker", a + "data: [DONE]\n\n", {"chunk a", "done"}},
    {"50: the end marker without space and with CRLF", a + "data:[DONE]\r\n\r\n", {"chunk a", "done"}},
    {"51: [DONE] and more is malformed", a + "data: [DONE]x\n\n" + end, {"chunk a", "malformed"}},
    {"51: [DONE] and a space is malformed", a + stop + "data: [DONE] \n\n", {"chunk a", "chunk ", "malformed"}},
    {"51: [DONE] and a tab is malformed", "data: [DONE]\t\n\n", {"malformed"}},
    {"51: [DONE] after two spaces is malformed", "data:  [DONE]\n\n", {"malformed"}},
    {"52: [DONE] as one of two data lines is malformed", "data: [DONE]\ndata: {\"choices\":[]}\n\n" + a, {"malformed"}},
    {"53: the end marker in an error event ends with success",
     a + "event: error\ndata: [DONE]\n\n",
     {"chunk a", "done"}},
    {"54: a forged end marker before an error event is malformed",
     "data: [DONE]x\n\nevent: error\ndata: {\"message\":\"m\"}\n\n",
     {"malformed"}},
    {"55: data after the end marker is ignored", a + end + b, {"chunk a", "done"}},
    {"55: malformed data after the end marker is ignored", a + end + "data: {\n\n", {"chunk a", "done"}},
    {"55: an error event after the end marker is ignored",
     a + end + "event: error\ndata: {\"error\":{\"message\":\"m\"}}\n\n",
     {"chunk a", "done"}},
    {"58: an error object without a name",
     "data: {\"error\":{\"message\":\"m\",\"code\":\"c\",\"type\":\"t\"}}\n\n",
     {R"(api_error message=m code=c type=t body={"error":{"message":"m","code":"c","type":"t"}})"}},
    {"58: an error object with the numeric code of a status stays an api_error",
     "data: {\"error\":{\"message\":\"m\",\"code\":429,\"status\":429}}\n\n",
     {R"(api_error message=m code=429 type= body={"error":{"message":"m","code":429,"status":429}})"}},
    {"58: an error object beside members that no chunk has",
     "data: {\"error\":{\"message\":\"m\"},\"choices\":5,\"id\":null}\n\n",
     {R"(api_error message=m code= type= body={"error":{"message":"m"},"choices":5,"id":null})"}},
    {"58: an error object in an event of another name",
     "event: ping\ndata: {\"error\":{\"message\":\"m\"}}\n\n",
     {R"(api_error message=m code= type= body={"error":{"message":"m"}})"}},
    {"59: a flat error event",
     "event: error\ndata: {\"message\":\"m\",\"code\":\"c\"}\n\n",
     {R"(api_error message=m code=c type= body={"message":"m","code":"c"})"}},
    {"59: a nested error event",
     "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded\",\"message\":\"m\"}}\n\n",
     {R"(api_error message=m code= type=overloaded body={"type":"error","error":{"type":"overloaded","message":"m"}})"}},
    {"59: an error event that looks like a chunk",
     "event: error\ndata: {\"message\":\"m\",\"choices\":[]}\n\n",
     {R"(api_error message=m code= type= body={"message":"m","choices":[]})"}},
    {"60: null in an error event", "event: error\ndata: null\n\n", {"api_error message=null code= type= body=null"}},
    {"60: a string in an error event",
     "event: error\ndata: \"sad\"\n\n",
     {"api_error message=sad code= type= body=\"sad\""}},
    {"60: a number in an error event", "event: error\ndata: 7\n\n", {"api_error message=7 code= type= body=7"}},
    {"60: text in an error event", "event: error\ndata: oh no\n\n", {"api_error message=oh no code= type= body=oh no"}},
    {"61: an error event with both message and error",
     "event: error\ndata: {\"message\":\"outer\",\"error\":{\"message\":\"inner\",\"code\":\"c\"}}\n\n",
     {R"(api_error message=inner code=c type= body={"message":"outer","error":{"message":"inner","code":"c"}})"}},
    {"62: an error event after good chunks",
     a + b + "event: error\ndata: {\"message\":\"m\"}\n\n" + a,
     {"chunk a", "chunk b", R"(api_error message=m code= type= body={"message":"m"})"}},
    {"63: malformed JSON", a + "data: {\"choices\":[\n\n" + b, {"chunk a", "malformed"}},
    {"63: JSON and something behind it", "data: {\"choices\":[]} x\n\n", {"malformed"}},
    {"63: a member of a wrong type", "data: {\"choices\":7}\n\n", {"malformed"}},
    {"66: an event named message",
     "event: message\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n" + end,
     {"chunk a", "done"}},
    {"66: a malformed event named message", "event: message\ndata: {\n\n", {"malformed"}},
    {"69: null", "data: null\n\n", {"malformed"}},
    {"69: a number", "data: 1\n\n", {"malformed"}},
    {"69: a string", "data: \"x\"\n\n", {"malformed"}},
    {"69: an array", "data: [{\"choices\":[]}]\n\n", {"malformed"}},
    {"70: no choices",
     a + "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n" + stop + end,
     {"chunk a", "chunk ", "chunk ", "done"}},
    {"71: error null beside choices",
     "data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n" + end,
     {"chunk a", "done"}},
    {"71: error \"\" beside choices",
     "data: {\"error\":\"\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n" + end,
     {"chunk a", "done"}},
    {"71: error false beside choices",
     "data: {\"error\":false,\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n" + end,
     {"chunk a", "done"}},
    {"72: an error that is a text",
     "data: {\"error\":\"text\"}\n\n",
     {R"(api_error message=text code= type= body={"error":"text"})"}},
    {"73: an empty error object",
     "data: {\"error\":{}}\n\n",
     {R"(api_error message={"error":{}} code= type= body={"error":{}})"}},
    {"74: a chunk with choices in a named event",
     "event: completion\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n" + end,
     {"chunk a", "done"}},
    {"74: a chunk with an empty list of choices in a named event",
     "event: usage\ndata: {\"choices\":[]}\n\n" + end,
     {"chunk ", "done"}},
    {"74: a chunk by its object in a named event",
     "event: usage\ndata: {\"object\":\"chat.completion.chunk\"}\n\n" + end,
     {"chunk ", "done"}},
    {"74: other objects in a named event are ignored",
     "event: ping\ndata: {\"type\":\"ping\"}\n\n" + a + end,
     {"chunk a", "done"}},
    {"74: other data in a named event is ignored",
     "event: ping\ndata: 2026-01-01 {\n\n" + a + end,
     {"chunk a", "done"}},
    {"75: the end marker first", end, {"done"}},
    {"7.4: end of the body after a finish reason", a + stop, {"chunk a", "chunk ", "complete"}},
    {"7.4: end of the body without a finish reason", a + b, {"chunk a", "chunk b", "incomplete, had 'ab'"}},
    {"7.4: end of the body with one of two finish reasons",
     a + stop + "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}]}\n\n",
     {"chunk a", "chunk ", "chunk x", "incomplete, had 'a'"}},
    {"7.4: end of the body after chunks without choices",
     "data: {\"choices\":[]}\n\n",
     {"chunk ", "incomplete, had ''"}},
};

}  // namespace

TEST_CASE("the chat layer reads each row of the edge cases the same at every split")
{
    for (const chat_row& row : rows) {
        SECTION(row.name)
        {
            for_each_split(row.input, [&](const split& how) {
                CAPTURE(how.how);
                REQUIRE(run(how.pieces) == row.expected);
            });
        }
    }
}

TEST_CASE("7.4: an empty body is incomplete, tolerant or not")
{
    CHECK(run({}) == trace{"incomplete, had ''"});
    CHECK(run({}, true) == trace{"incomplete, had ''"});
    CHECK(run({": x\n\n"}, true) == trace{"incomplete, had ''"});
}

TEST_CASE("7.4: a missing end marker after a chunk is tolerated on demand")
{
    CHECK(run({a + b}, true) == trace{"chunk a", "chunk b", "complete"});
    CHECK(run({a + "data: [DONE]"}, true) == trace{"chunk a", "complete"});
    CHECK(run({a + "data: {\n\n"}, true) == trace{"chunk a", "malformed"});
}

TEST_CASE("row 56: the answer is done at the end marker while the body stays open")
{
    chat_stream_decoder decoder = make_decoder();
    const std::string body = a + end;
    decoder.feed(body);
    CHECK(decoder.next());
    CHECK_FALSE(decoder.done());
    CHECK_FALSE(decoder.next());
    CHECK(decoder.done());
    decoder.feed("data: {\n\n");
    CHECK_FALSE(decoder.next());
    CHECK_NOTHROW(decoder.finish());
}

TEST_CASE("row 57: packed records are decoded only as they are pulled")
{
    const std::string body = a + b + "data: {\n\n" + a;
    chat_stream_decoder decoder = make_decoder();
    decoder.feed(body);
    CHECK(decoder.next());
    CHECK(decoder.accumulated().completion().text() == "a");
    CHECK(decoder.next());
    CHECK(decoder.accumulated().completion().text() == "ab");
    CHECK_FALSE(decoder.done());
    CHECK_THROWS_AS(decoder.next(), response_format_error);
    CHECK(decoder.done());
    CHECK_FALSE(decoder.next());
    CHECK(decoder.accumulated().completion().text() == "ab");
}

TEST_CASE("rows 51 and 62: what failed is not in the message, what came before is")
{
    chat_stream_decoder decoder = make_decoder();
    const std::string body = a + "data: [DONE]x\n\n" + b;
    decoder.feed(body);
    CHECK(decoder.next());
    CHECK_THROWS_AS(decoder.next(), response_format_error);
    CHECK(decoder.accumulated().completion().text() == "a");
}

TEST_CASE("an error comes once, and the end of the body after it is no other error")
{
    chat_stream_decoder decoder = make_decoder();
    const std::string body = "event: error\ndata: {\"message\":\"m\"}\n\n";
    decoder.feed(body);
    CHECK_THROWS_AS(decoder.next(), api_error);
    CHECK_FALSE(decoder.next());
    CHECK_NOTHROW(decoder.finish());

    chat_stream_decoder incomplete = make_decoder();
    CHECK_THROWS_AS(incomplete.finish(), incomplete_stream_error);
    CHECK(incomplete.done());
    CHECK_NOTHROW(incomplete.finish());
}

TEST_CASE("an incomplete stream carries what had accumulated")
{
    chat_stream_decoder decoder = make_decoder();
    const std::string body = R"(data: {"id":"c1","model":"m","usage":null,"choices":[{"index":0,"delta":)"
                             R"({"role":"assistant","content":"a","tool_calls":[{"index":0,"id":"t","function":)"
                             R"({"name":"f","arguments":"{"}}]},"finish_reason":null}]})"
                             "\n\n";
    decoder.feed(body);
    CHECK(decoder.next());
    CHECK_FALSE(decoder.next());
    try {
        decoder.finish();
        FAIL("not refused");
    }
    catch (const incomplete_stream_error& e) {
        CHECK(e.partial() == decoder.accumulated().completion());
        CHECK(e.partial().id == "c1");
        CHECK(e.partial().choices.at(0).message.tool_calls.size() == 1);
    }
}

TEST_CASE("row 63: texts of the stream are in no error message")
{
    const std::vector<std::string> bodies{
        "data: {\"choices\":[ secret-text\n\n",
        "data: \"secret-text\"\n\n",
        "data: secret-text\n\n",
        "data: {\"choices\":\"secret-text\"}\n\n",
        "data: {\"choices\":[{\"index\":\"secret-text\"}]}\n\n",
        "data: {\"server_results\":\"secret-text\"}\n\n",
        "data: [DONE]secret-text\n\n",
    };
    for (const std::string& body : bodies) {
        CAPTURE(body);
        chat_stream_decoder decoder = make_decoder();
        decoder.feed(body);
        try {
            decoder.next();
            FAIL("not refused");
        }
        catch (const response_format_error& e) {
            const std::string what = e.what();
            CHECK(what.find("secret") == std::string::npos);
            CHECK(what.find(e.code().message()) == what.rfind(e.code().message()));
            CHECK(e.body_head().empty());
            CHECK(e.status() == 200);
            CHECK(e.content_type() == "text/event-stream");
        }
    }
}

TEST_CASE("the words of an error event are in its message and not in what()")
{
    chat_stream_decoder decoder = make_decoder();
    const std::string body = "data: {\"error\":{\"message\":\"secret words\",\"code\":\"overloaded\"}}\n\n";
    decoder.feed(body);
    try {
        decoder.next();
        FAIL("not refused");
    }
    catch (const api_error& e) {
        const std::string what = e.what();
        CHECK(what.find("secret") == std::string::npos);
        CHECK(what.find("overloaded") != std::string::npos);
        CHECK(e.message() == "secret words");
        CHECK(e.headers().find("content-type") == "text/event-stream");
        CHECK_FALSE(e.body_truncated());
    }
}

TEST_CASE("the body of an error event is cut at the limit")
{
    chat_stream_decoder decoder(
        {.max_event_bytes = no_limit, .max_completion_bytes = no_limit, .max_error_body_bytes = 10}, answer_head()
    );
    const std::string body = "data: {\"error\":{\"message\":\"m\"}}\n\n";
    decoder.feed(body);
    try {
        decoder.next();
        FAIL("not refused");
    }
    catch (const api_error& e) {
        CHECK(e.message() == "m");
        CHECK(e.body() == "{\"error\":{");
        CHECK(e.body_truncated());
    }
}

TEST_CASE("an event and an answer that pass their limits are refused")
{
    const auto first_error = [](chat_stream_options options, const std::string& body) {
        chat_stream_decoder decoder(options, answer_head());
        decoder.feed(body);
        try {
            while (decoder.next()) {
            }
        }
        catch (const response_format_error& e) {
            CHECK(decoder.done());
            CHECK(e.status() == 200);
            return e.code();
        }
        return boost::system::error_code();
    };
    const std::string long_event = "data: " + std::string(200, 'x');
    CHECK(first_error({.max_event_bytes = 100, .max_completion_bytes = no_limit}, long_event) == errc::limit_exceeded);
    CHECK_FALSE(first_error({.max_event_bytes = 100, .max_completion_bytes = no_limit}, a + b + end).failed());
    CHECK(first_error({.max_event_bytes = no_limit, .max_completion_bytes = 1}, a + b) == errc::limit_exceeded);
    CHECK_FALSE(first_error({.max_event_bytes = no_limit, .max_completion_bytes = 2}, a + b).failed());
}

TEST_CASE("a choice or call that cannot be placed is a malformed answer")
{
    CHECK(run({"data: {\"choices\":[{\"index\":128,\"delta\":{}}]}\n\n"}) == trace{"malformed"});
    CHECK(run({"data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":128}]}}]}\n\n"}) == trace{"malformed"});
}

TEST_CASE("the documented stream with a tool call and usage adds up to an answer")
{
    const std::string head = R"(data: {"id":"c1","object":"chat.completion.chunk","created":1775000000,"model":"m",)";
    const std::string delta = head + R"("choices":[{"index":0,"delta":)";
    const std::string tail = R"(,"finish_reason":null}],"usage":null})"
                             "\n\n";
    const std::string body =
        ": keep-alive\n\n" + delta + R"({"role":"assistant","content":null})" + tail + delta +
        R"({"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"add","arguments":""}}]})" +
        tail + delta + R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1,"}}]})" + tail + delta +
        R"({"tool_calls":[{"index":0,"function":{"arguments":"\"b\":2}"}}]})" + tail + delta +
        R"({},"finish_reason":"tool_calls"}],"usage":null})"
        "\n\n" +
        head + R"("choices":[],"usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29},)" +
        R"("correlation_id":"k","deferred":[ {"id":"d","name":"g"} ]})"
        "\n\n" +
        end;

    const chat_completion expected{
        .id = "c1",
        .object = "chat.completion",
        .created = 1775000000,
        .model = "m",
        .choices = {{
            .message =
                {.tool_calls = {function_tool_call{
                     .id = "call_1", .function = {.name = "add", .arguments = R"({"a":1,"b":2})"}}}},
            .finish_reason = finish_reason("tool_calls"),
        }},
        .usage = usage{.prompt_tokens = 20, .completion_tokens = 9, .total_tokens = 29},
        .correlation_id = "k",
        .deferred = {{.id = "d", .name = "g"}},
        .deferred_raw = R"([ {"id":"d","name":"g"} ])",
    };
    for_each_split(body, [&](const split& how) {
        CAPTURE(how.how);
        chat_stream_decoder decoder = make_decoder();
        std::size_t chunks = 0;
        for (const std::string& piece : how.pieces) {
            decoder.feed(piece);
            while (decoder.next())
                ++chunks;
        }
        REQUIRE(decoder.done());
        REQUIRE(chunks == 6);
        REQUIRE(decoder.accumulated().completion() == expected);
    });
}

}  // namespace chat_stream_decoder_test
