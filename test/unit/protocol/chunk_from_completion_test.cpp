#include "protocol/chunk_from_completion.hpp"

#include <dedalus/chat/accumulator.hpp>

#include "codec/decode_chat.hpp"
#include "support/catch.hpp"
#include "support/chunks.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace chunk_from_completion_test {

namespace json = boost::json;

using namespace dedalus;
using namespace test;

namespace {

chat_completion full_completion()
{
    chat_completion completion{
        .id = "c1",
        .object = "chat.completion",
        .created = 1775000000,
        .model = "m",
        .usage = usage{.prompt_tokens = 1, .completion_tokens = 2, .total_tokens = 3},
        .system_fingerprint = "fp",
        .service_tier = "default",
        .tools_executed = {"x"},
        .mcp_server_errors = {{"s", {.message = "down", .code = "502"}}},
        .mcp_tool_results = {{.tool_name = "x", .server_name = "s"}},
        .correlation_id = "k",
        .server_results = json::object{{"call_0", 1}},
        .deferred = {{.id = "d", .name = "g"}},
        .pending_tools = {{.id = "p", .name = "f", .arguments_raw = "{}"}},
        .turns_consumed = 2,
        .extra = {{"provider", "p"}},
        .deferred_raw = "[ {\"id\":\"d\"} ]",
        .server_results_raw = {{"call_0", "1"}},
    };
    assistant_message message{
        .content = "text",
        .refusal = "no",
        .name = "bob",
        .function_call = function_call{.name = "f", .arguments = "{}", .extra = {{"k", 1}}},
        .audio = answer_audio{.id = "audio_1", .expires_at = 5, .data = "QQ==", .transcript = "t"},
        .annotations = {{.type = "url_citation", .url_citation = url_citation{.url = "https://a"}}},
        .reasoning_content = "hm",
        .extra = {{"role", "model"}, {"reasoning", "r"}},
    };
    const json::object function_like{
        {"id", "3"}, {"type", "remote"}, {"function", {{"strict", true}, {"name", "f"}, {"arguments", "{}"}}}};
    message.tool_calls = {
        function_tool_call{
            .id = "1",
            .function = {.name = "f", .arguments = "{}", .extra = {{"k", 2}}},
            .thought_signature = "sig",
            .extra = {{"e", 3}},
        },
        custom_tool_call{.id = "2", .custom = {.name = "c", .input = "i"}, .extra = {{"thought_signature", "s"}}},
        function_like,
        json::object{{"id", "4"}, {"type", "web_search"}, {"web_search", {{"query", "q"}}}},
    };
    completion.choices = {
        {
            .index = 0,
            .message = message,
            .finish_reason = finish_reason("tool_calls"),
            .logprobs = choice_logprobs{.content = {{.token = "text", .logprob = -1}}},
            .extra = {{"content_filter_results", json::object{}}},
        },
        {.index = 1, .message = {.content = std::vector<content_part>{text_part{.text = "b"}}}},
    };
    return completion;
}

}  // namespace

TEST_CASE("a whole answer as one chunk adds up to the answer again")
{
    const chat_completion completion = full_completion();
    const chat_completion_chunk chunk = protocol::chunk_from_completion(completion);
    CHECK(chunk.object == "chat.completion.chunk");
    CHECK(accumulate({chunk}) == completion);
}

TEST_CASE("an answer without choices becomes a chunk without choices")
{
    const chat_completion empty{.object = "chat.completion"};
    CHECK(protocol::chunk_from_completion(empty).choices.empty());
    CHECK(accumulate({protocol::chunk_from_completion(empty)}) == empty);
}

TEST_CASE("a decoded JSON answer becomes a chunk whose text and finish reason are those of the answer")
{
    const chat_completion completion = codec::decode_chat_completion(
        R"({"id":"c","object":"chat.completion","created":1,"model":"m","usage":null,"choices":[{"index":0,)"
        R"("message":{"role":"assistant","content":"hi","refusal":null},"logprobs":null,"finish_reason":"stop"}]})"
    );
    const chat_completion_chunk chunk = protocol::chunk_from_completion(completion);
    CHECK(chunk.text() == "hi");
    REQUIRE(chunk.choices.size() == 1);
    CHECK(chunk.choices[0].delta.role == "assistant");
    CHECK(chunk.choices[0].finish_reason == finish_reason("stop"));

    chat_completion_accumulator accumulator;
    accumulator.add(chunk);
    CHECK(accumulator.finished());
    CHECK(accumulator.completion().text() == "hi");
}

}  // namespace chunk_from_completion_test
