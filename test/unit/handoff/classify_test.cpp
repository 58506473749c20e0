#include "handoff/classify.hpp"

#include "support/catch.hpp"
#include "support/handoff_answers.hpp"

#include <ostream>
#include <string>
#include <tuple>
#include <vector>

namespace classify_test {

namespace core = dedalus::handoff_core;
using core::answer_kind;

namespace {

const std::vector<std::string> registered{"local"};

std::string call(const std::string& name)
{
    return R"([{"id":"c","type":"function","function":{"name":")" + name + R"(","arguments":"{}"}}])";
}

answer_kind kind_of(const std::string& body)
{
    return core::classify(test::answer(body), registered);
}

std::string with(const std::string& message, const std::string& reason, const std::string& more = "")
{
    return R"({"choices":[{"index":0,"message":)" + message + R"(,"finish_reason":)" + reason + "}]" + more + "}";
}

const std::string text = R"({"role":"assistant","content":"Hi"})";
const std::string empty = R"({"role":"assistant","content":null})";
const std::string pending = R"(,"pending_tools":[{"id":"a","name":"local","arguments":{}}])";
const std::string deferred = R"(,"deferred":[{"id":"s","name":"x"}])";

}  // namespace

TEST_CASE("R2: an answer without a choice and without a handoff member is nothing")
{
    CHECK(kind_of("{}") == answer_kind::nothing);
    CHECK(kind_of(R"({"id":"x","choices":[],"usage":null})") == answer_kind::nothing);
    CHECK(kind_of(R"({"choices":[],"deferred":[],"correlation_id":null})") == answer_kind::nothing);
}

TEST_CASE("R2: handoff members without a choice are an answer")
{
    const std::string member = GENERATE(
        R"("turns_consumed":1)",
        R"("correlation_id":"c")",
        R"("server_results":{"s":1})",
        R"("deferred":[{"id":"s","name":"x"}])",
        R"("tools_executed":["x"])",
        R"("mcp_server_errors":{"s":{"message":"down"}})"
    );
    CHECK(kind_of(R"({"choices":[],)" + member + "}") == answer_kind::server_waits);
}

TEST_CASE("R3: pending calls come before everything else")
{
    const std::string reason = GENERATE(R"("stop")", R"("length")", R"("content_filter")", R"("tool_calls")", "null");
    CHECK(kind_of(with(text, reason, pending)) == answer_kind::handoff);
    CHECK(kind_of(with(empty, reason, pending + deferred)) == answer_kind::handoff);
    CHECK(kind_of(R"({"choices":[])" + pending + "}") == answer_kind::handoff);
    CHECK(kind_of(R"({"id":"x")" + pending + "}") == answer_kind::handoff);
}

TEST_CASE("R4: a token limit stops the run, calls or not")
{
    const std::string calls = R"({"role":"assistant","content":"x","tool_calls":)" + call("local") + "}";
    CHECK(kind_of(with(text, R"("length")")) == answer_kind::length);
    CHECK(kind_of(with(calls, R"("length")")) == answer_kind::length);
    CHECK(kind_of(with(calls, R"("model_length")")) == answer_kind::length);
    CHECK(kind_of(with(text, R"("length")", deferred)) == answer_kind::length);
}

TEST_CASE("R5: withheld content stops the run")
{
    CHECK(kind_of(with(text, R"("content_filter")")) == answer_kind::content_filter);
}

TEST_CASE("R6: tool calls are answered when one is registered, or when the finish reason says so")
{
    const std::string local = R"({"role":"assistant","content":"x","tool_calls":)" + call("local") + "}";
    const std::string foreign = R"({"role":"assistant","content":"x","tool_calls":)" + call("foreign") + "}";
    CHECK(kind_of(with(local, R"("stop")")) == answer_kind::plain_calls);
    CHECK(kind_of(with(local, R"("tool_calls")")) == answer_kind::plain_calls);
    CHECK(kind_of(with(foreign, R"("tool_calls")")) == answer_kind::plain_calls);
    CHECK(kind_of(with(local, R"("stop")", deferred)) == answer_kind::plain_calls);
}

TEST_CASE("R6b: foreign calls beside a text that stopped were the server's")
{
    const std::string foreign = R"({"role":"assistant","content":"x","tool_calls":)" + call("foreign") + "}";
    CHECK(kind_of(with(foreign, R"("stop")")) == answer_kind::final_answer);
}

TEST_CASE("R7: deferred calls alone make the server wait")
{
    CHECK(kind_of(with(empty, R"("stop")", deferred)) == answer_kind::server_waits);
    CHECK(kind_of(with(text, R"("stop")", deferred)) == answer_kind::server_waits);
    CHECK(kind_of(R"({"choices":[])" + deferred + "}") == answer_kind::server_waits);
}

TEST_CASE("R8: a refusal is an end of its own")
{
    CHECK(kind_of(with(R"({"role":"assistant","content":null,"refusal":"no"})", R"("stop")")) == answer_kind::refusal);
    CHECK(
        kind_of(with(R"({"role":"assistant","content":"x","refusal":""})", R"("stop")")) == answer_kind::final_answer
    );
}

TEST_CASE("R8: a refusal part of the content is a refusal")
{
    const std::string parts = R"({"role":"assistant","content":[{"type":"refusal","refusal":"I "},)"
                              R"({"type":"refusal","refusal":"cannot."}]})";
    CHECK(kind_of(with(parts, R"("stop")")) == answer_kind::refusal);
    CHECK(
        kind_of(with(R"({"role":"assistant","content":[{"type":"refusal","refusal":""}]})", R"("stop")")) ==
        answer_kind::final_answer
    );
    CHECK(core::refusal_text(test::answer(with(parts, R"("stop")")).choices[0].message) == "I cannot.");
}

TEST_CASE("R9: text, or an empty stop, is the final answer")
{
    CHECK(kind_of(with(text, R"("stop")")) == answer_kind::final_answer);
    CHECK(kind_of(with(text, "null")) == answer_kind::final_answer);
    CHECK(kind_of(with(empty, R"("stop")")) == answer_kind::final_answer);
    CHECK(
        kind_of(with(text, R"("stop")", R"(,"server_results":{"s":1},"turns_consumed":2)")) == answer_kind::final_answer
    );
}

TEST_CASE("R10: a legacy function call is not supported")
{
    const std::string legacy = R"({"role":"assistant","content":null,"function_call":{"name":"x","arguments":"{}"}})";
    CHECK(kind_of(with(legacy, R"("function_call")")) == answer_kind::unsupported);
    CHECK(kind_of(with(legacy, R"("stop")")) == answer_kind::unsupported);
}

TEST_CASE("R11: an unknown finish reason leaves it to the message")
{
    const std::string reason = GENERATE(R"("eos")", R"("error")", "null");
    const std::string foreign = R"({"role":"assistant","content":null,"tool_calls":)" + call("foreign") + "}";
    const std::string local = R"({"role":"assistant","content":"x","tool_calls":)" + call("local") + "}";
    CHECK(kind_of(with(text, reason)) == answer_kind::final_answer);
    CHECK(kind_of(with(foreign, reason)) == answer_kind::plain_calls);
    CHECK(kind_of(with(local, reason)) == answer_kind::plain_calls);
}

TEST_CASE("The name of a call is known for function and custom calls")
{
    dedalus::custom_tool_call custom;
    custom.custom.name = "c";
    CHECK(core::called_name(dedalus::tool_call(custom)) == "c");
    CHECK(core::called_name(dedalus::tool_call(boost::json::object{{"type", "new"}})).empty());
}

}  // namespace classify_test
