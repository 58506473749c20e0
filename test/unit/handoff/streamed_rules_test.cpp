#include "handoff/streamed_rules.hpp"

#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/encode_chat_completion.hpp"
#include "support/catch.hpp"
#include "support/durable_scene.hpp"
#include "support/handoff_answers.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <memory>
#include <string>
#include <vector>

namespace streamed_rules_test {

namespace core = dedalus::handoff_core;
namespace json = boost::json;
using dedalus::incomplete_stream_error;
using dedalus::run_phase;
using test::durable_scene;
using test::ends;
using test::text_answer;

namespace {

incomplete_stream_error without_end(dedalus::chat_completion answer)
{
    return incomplete_stream_error(std::make_shared<const dedalus::chat_completion>(std::move(answer)));
}

dedalus::chat_completion unfinished(const std::string& text)
{
    dedalus::chat_completion answer = text_answer(text);
    answer.choices[0].finish_reason.reset();
    return answer;
}

/// A chunk with these pieces of calls.
dedalus::chat_completion_chunk
pieces(const std::string& calls, const std::string& finish_reason = "null", const std::string& id = "c")
{
    return json::value_to<dedalus::chat_completion_chunk>(json::parse(
        R"({"id":")" + id + R"(","object":"chat.completion.chunk","choices":[{"index":0,"finish_reason":)" +
        finish_reason + R"(,"delta":{"tool_calls":)" + calls + "}}]}"
    ));
}

}  // namespace

TEST_CASE("A call of a streamed answer keeps its id, type and name, once it has them")
{
    core::call_pieces calls;
    calls.look(pieces(R"([{"index":0,"id":"a","type":"function","function":{"name":"pay","arguments":"{"}}])"));
    SECTION("repetitions, empty values and none are fine")
    {
        CHECK_NOTHROW(calls.look(pieces(R"([{"index":0,"id":"a","type":"function","function":{"name":"pay"}}])")));
        CHECK_NOTHROW(calls.look(pieces(R"([{"index":0,"id":"","type":"","function":{"name":"","arguments":"}"}}])")));
        CHECK_NOTHROW(calls.look(pieces(R"([{"index":0},{"index":1,"id":"b","function":{"name":"look"}}])")));
    }
    SECTION("another value is an error")
    {
        const std::string other = GENERATE(
            as<std::string>(),
            R"([{"index":0,"id":"b"}])",
            R"([{"index":0,"type":"custom"}])",
            R"([{"index":0,"function":{"name":"look"}}])"
        );
        CHECK_THROWS_AS(calls.look(pieces(other)), dedalus::response_format_error);
    }
    SECTION("another call of the model begins anew")
    {
        calls.look(pieces("[]", R"("tool_calls")"));
        CHECK_THROWS_AS(
            calls.look(pieces(R"([{"index":0,"function":{"name":"look"}}])")), dedalus::response_format_error
        );
        CHECK_NOTHROW(calls.look(pieces(R"([{"index":0,"id":"b","function":{"name":"look"}}])")));
        CHECK_THROWS_AS(calls.look(pieces(R"([{"index":0,"id":"c"}])")), dedalus::response_format_error);
    }
    SECTION("so does another completion id after the finish reason")
    {
        calls.look(pieces("[]", R"("tool_calls")"));
        CHECK_NOTHROW(calls.look(pieces(R"([{"index":0,"function":{"name":"look"}}])", "null", "other")));
    }
}

TEST_CASE("A piece of a call without an index is of the only call, and an index is from 0 to 255")
{
    core::call_pieces calls;
    CHECK_NOTHROW(calls.look(pieces(R"([{"id":"a","function":{"name":"pay"}}])")));
    CHECK_NOTHROW(calls.look(pieces(R"([{"function":{"arguments":"{}"}}])")));
    CHECK_THROWS_AS(calls.look(pieces(R"([{"id":"b"}])")), dedalus::response_format_error);
    CHECK_NOTHROW(calls.look(pieces(R"([{"index":255,"id":"b"}])")));
    CHECK_THROWS_AS(calls.look(pieces(R"([{"function":{"arguments":"{}"}}])")), dedalus::response_format_error);
    CHECK_THROWS_AS(calls.look(pieces(R"([{"index":256,"id":"c"}])")), dedalus::response_format_error);
    CHECK_THROWS_AS(calls.look(pieces(R"([{"index":-1,"id":"c"}])")), dedalus::response_format_error);
}

TEST_CASE("A streamed answer is whole with its end marker and a finish reason of each choice that was begun")
{
    CHECK_NOTHROW(core::check_whole(text_answer("Done."), true));
    CHECK_NOTHROW(core::check_whole(dedalus::chat_completion(), true));
    CHECK_THROWS_AS(core::check_whole(text_answer("Done."), false), incomplete_stream_error);
    CHECK_THROWS_AS(core::check_whole(unfinished("Done"), true), incomplete_stream_error);
    dedalus::chat_completion second_cut = text_answer("Done.");
    second_cut.choices.push_back(unfinished("Do").choices[0]);
    CHECK_THROWS_AS(core::check_whole(second_cut, true), incomplete_stream_error);
}

TEST_CASE("A profile may take an answer without its end marker, but none without a finish reason")
{
    const dedalus::wire_profile strict;
    dedalus::wire_profile lenient;
    lenient.accept_missing_end = true;
    CHECK_FALSE(core::accepted_without_end(strict, without_end(text_answer("Done."))));
    REQUIRE(core::accepted_without_end(lenient, without_end(text_answer("Done."))));
    CHECK(core::accepted_without_end(lenient, without_end(text_answer("Done.")))->text() == "Done.");
    CHECK_FALSE(core::accepted_without_end(lenient, without_end(unfinished("Done"))));
    CHECK_FALSE(core::accepted_without_end(lenient, without_end(dedalus::chat_completion())));
    CHECK_FALSE(core::accepted_without_end(lenient, dedalus::config_error("no")));
}

TEST_CASE("What came in earlier segments of an answer is stored with it, and its calls were made by the server")
{
    dedalus::assistant_message first;
    first.content = "Let me look.";
    first.tool_calls = test::calls_answer({{"a", "search", "{}"}, {"b", "find", "{}"}}).choices[0].message.tool_calls;
    durable_scene s;
    dedalus::chat_completion answer = text_answer("Found.");
    core::keep_earlier(answer, {first});
    s.says(dedalus::codec::encode_chat_completion(answer));
    const dedalus::run_result done = s.run();
    CHECK(done.final_text == "Found.");
    REQUIRE(done.server_tools.size() == 2);
    CHECK(done.server_tools[1].call_id == "b");
    CHECK(done.server_tools[1].name == "find");
    CHECK(test::codes(done.diagnostics) == std::vector<std::string>{"server_call_seen", "server_call_seen"});
    CHECK(s.run().server_tools.size() == 2);
}

TEST_CASE("A call of an earlier segment that the answer asks for is not the server's")
{
    dedalus::assistant_message first;
    first.tool_calls = test::calls_answer({{"a", "search", "{}"}, {"b", "find", "{}"}}).choices[0].message.tool_calls;
    dedalus::chat_completion answer = test::handoff_answer(R"([{"id":"a","name":"search","arguments":{}}])");
    core::keep_earlier(answer, {first});
    const std::vector<core::earlier_call> calls = core::earlier_calls(answer);
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].id == "b");

    core::keep_earlier(answer, {});
    CHECK(core::earlier_calls(text_answer("x")).empty());
    answer.extra["earlier_segments"] = json::parse(R"([1,{"calls":{}},{"calls":[2,{"id":3}]}])");
    CHECK(core::earlier_calls(answer).size() == 2);
}

TEST_CASE("A run in a store keeps whether it takes an answer without its end marker")
{
    durable_scene s;
    s.definition.profile.accept_missing_end = true;
    SECTION("it does")
    {
        s.fails(without_end(text_answer("Done.")));
        const dedalus::run_result done = s.run();
        CHECK(done.phase == run_phase::completed);
        CHECK(done.final_text == "Done.");
        CHECK(done.llm_turns.charged_unknown == 0);
        CHECK(s.run().final_text == "Done.");
        CHECK(s.sent.size() == 1);
    }
    SECTION("a resumed one does, whatever the process that resumes it would say")
    {
        test::waiting_run(s);
        CHECK(test::run_coro(s.inbox().approve("r1", "a")) == dedalus::stores::post_outcome::accepted);
        s.definition.profile.accept_missing_end = false;
        s.fails(without_end(text_answer("Done.")));
        CHECK(s.run().final_text == "Done.");
    }
    SECTION("it does not")
    {
        s.definition.profile.accept_missing_end = false;
        s.fails(without_end(text_answer("Done.")));
        s.says(ends("Again."));
        const dedalus::run_result done = s.run();
        CHECK(done.final_text == "Again.");
        CHECK(done.llm_turns.charged_unknown > 0);
        CHECK(s.sent.size() == 2);
    }
}

}  // namespace streamed_rules_test
