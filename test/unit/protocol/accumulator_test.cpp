#include <dedalus/chat/accumulator.hpp>
#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/chunks.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace accumulator_test {

namespace json = boost::json;

using namespace dedalus;
using namespace test;

namespace {

using content_parts = std::vector<content_part>;

chat_completion_chunk extra_chunk(json::object extra)
{
    return delta_chunk({.extra = std::move(extra)});
}

template <class Action>
boost::system::error_code code_of_format_error(Action action)
{
    try {
        action();
    }
    catch (const response_format_error& e) {
        return e.code();
    }
    return {};
}

}  // namespace

TEST_CASE("an accumulator without chunks gives a completion without choices and is not finished")
{
    const chat_completion_accumulator accumulator;
    CHECK_FALSE(accumulator.finished());
    CHECK(accumulator.completion() == chat_completion{.object = "chat.completion"});
}

TEST_CASE("id, created and model are the first non-empty ones and object becomes that of a completion")
{
    chat_completion_chunk empty = text_chunk("a");
    empty.id = empty.model = empty.object = "";
    empty.created = 0;
    chat_completion_chunk later = with_id("c2", text_chunk("c"));
    later.created = 5;
    later.model = "n";
    const chat_completion whole = accumulate({empty, text_chunk("b"), later});
    CHECK(whole.id == "c1");
    CHECK(whole.created == 1775000000);
    CHECK(whole.model == "m");
    CHECK(whole.object == "chat.completion");
    CHECK(whole.text() == "abc");
}

TEST_CASE("service tier, fingerprint and usage keep the last value when later chunks have none")
{
    chat_completion_chunk first = text_chunk("a");
    first.service_tier = "auto";
    first.system_fingerprint = "fp1";
    first.usage = usage{.prompt_tokens = 1, .completion_tokens = 1, .total_tokens = 2};
    chat_completion_chunk second = text_chunk("b");
    second.service_tier = "default";
    second.system_fingerprint = "fp2";
    second.usage = usage{.prompt_tokens = 1, .completion_tokens = 2, .total_tokens = 3};
    chat_completion_chunk nulls = text_chunk("c");
    nulls.extra = {{"usage", nullptr}, {"service_tier", nullptr}, {"system_fingerprint", nullptr}};
    const chat_completion whole = accumulate({first, second, nulls});
    CHECK(whole.service_tier == "default");
    CHECK(whole.system_fingerprint == "fp2");
    REQUIRE(whole.usage);
    CHECK(whole.usage->total_tokens == 3);  // running totals are not summed
    CHECK(whole.extra.empty());
}

TEST_CASE("choices are matched by index, whatever their order, and come out sorted")
{
    const chat_completion whole = accumulate({
        chunk_of({{.index = 5, .delta = {.content = "x"}}, {.index = 1, .delta = {.content = "b"}}}),
        text_chunk("y", 5),
        text_chunk("a", 0),
        chunk_of({{.index = 1, .delta = {.content = "b"}}, {.index = 1, .delta = {.content = "!"}}}),
    });
    REQUIRE(whole.choices.size() == 3);
    CHECK(whole.choices[0].index == 0);
    CHECK(whole.choices[0].message.text() == "a");
    CHECK(whole.choices[1].index == 1);
    CHECK(whole.choices[1].message.text() == "bb!");
    CHECK(whole.choices[2].index == 5);
    CHECK(whole.choices[2].message.text() == "xy");
}

TEST_CASE("a role that is repeated in each chunk is not appended")
{
    const assistant_message message = accumulated_message({
        delta_chunk({.role = "assistant", .content = "a"}),
        delta_chunk({.role = "assistant", .content = "b"}),
    });
    CHECK(message == assistant_message{.content = "ab"});
}

TEST_CASE("the first non-empty role stays and is kept when it is not assistant")
{
    const assistant_message message = accumulated_message({
        delta_chunk({.role = "", .content = "a"}),
        delta_chunk({.role = "model"}),
        delta_chunk({.role = "assistant"}),
    });
    CHECK(message.extra == json::object{{"role", "model"}});
}

TEST_CASE("content that is null, absent or empty stays told apart")
{
    const json::object null_content{{"content", nullptr}};
    CHECK_FALSE(accumulated_message({extra_chunk(null_content)}).content.has_value());
    CHECK(accumulated_message({extra_chunk(null_content)}).extra.empty());
    CHECK_FALSE(accumulated_message({delta_chunk({.role = "assistant"})}).content.has_value());
    CHECK((accumulated_message({text_chunk("")}).content == message_content("")));
    CHECK((accumulated_message({extra_chunk(null_content), text_chunk("a")}).content == message_content("a")));
    CHECK((accumulated_message({text_chunk("a"), extra_chunk(null_content)}).content == message_content("a")));
    CHECK(accumulated_message({text_chunk("a"), extra_chunk(null_content)}).extra.empty());
}

TEST_CASE("refusals are appended")
{
    const assistant_message message = accumulated_message({
        delta_chunk({.refusal = "I "}),
        delta_chunk({.refusal = "cannot"}),
    });
    CHECK(message.refusal == "I cannot");
    CHECK_FALSE(message.content.has_value());
}

TEST_CASE("neighbouring refusal parts are joined, and so are neighbouring thinking parts and their texts")
{
    const auto thought = [](const char* text) { return thinking_part{.thinking = {text_part{.text = text}}}; };
    const thinking_part with_reference{.thinking = {text_part{.text = "b"}, reference_part{.reference_ids = {1}}}};
    const thinking_part closing{.thinking = {text_part{.text = "c"}}, .closed = true};
    const assistant_message message = accumulated_message({
        delta_chunk({.content = content_parts{thought("a"), with_reference}}),
        delta_chunk({.content = content_parts{closing, refusal_part{.refusal = "I "}}}),
        delta_chunk({.content = content_parts{refusal_part{.refusal = "cannot."}}}),
        delta_chunk({.content = content_parts{thought("d"), json::object{{"type", "other"}}}}),
        delta_chunk({.content = content_parts{thought("e")}}),
    });
    const std::vector<thought_part> thoughts{
        text_part{.text = "ab"}, reference_part{.reference_ids = {1}}, text_part{.text = "c"}};
    const content_parts expected{
        thinking_part{.thinking = thoughts, .closed = true},
        refusal_part{.refusal = "I cannot."},
        thought("d"),
        json::object{{"type", "other"}},
        thought("e"),
    };
    CHECK((message.content == message_content(expected)));
}

TEST_CASE("content parts are appended and neighbouring text parts are joined")
{
    const json::object thinking{{"type", "thinking"}};
    const assistant_message message = accumulated_message({
        delta_chunk({.content = content_parts{thinking}}),
        delta_chunk({.content = content_parts{text_part{.text = "a"}, text_part{.text = "b"}}}),
        delta_chunk({.content = content_parts{text_part{.text = "c", .extra = {{"k", 1}}}}}),
        delta_chunk({.content = content_parts{refusal_part{.refusal = "no"}, text_part{.text = "d"}}}),
    });
    const content_parts expected{
        thinking,
        text_part{.text = "abc", .extra = {{"k", 1}}},
        refusal_part{.refusal = "no"},
        text_part{.text = "d"},
    };
    CHECK((message.content == message_content(expected)));
}

TEST_CASE("text and content parts may alternate without loss")
{
    const json::object thinking{{"type", "thinking"}};
    const assistant_message message = accumulated_message({
        text_chunk("a"),
        delta_chunk({.content = content_parts{text_part{.text = "b"}, thinking}}),
        text_chunk("c"),
        text_chunk("d"),
        text_chunk(""),
    });
    const content_parts expected{text_part{.text = "ab"}, thinking, text_part{.text = "cd"}};
    CHECK((message.content == message_content(expected)));
    CHECK(
        (accumulated_message({text_chunk(""), delta_chunk({.content = content_parts{thinking}})}).content ==
         message_content(content_parts{thinking}))
    );
}

TEST_CASE("an empty list of content parts says nothing")
{
    CHECK_FALSE(accumulated_message({delta_chunk({.content = content_parts{}})}).content.has_value());
    CHECK(
        (accumulated_message({delta_chunk({.content = content_parts{}}), text_chunk("a")}).content ==
         message_content("a"))
    );
}

TEST_CASE("of a function_call the name is replaced and the arguments are appended")
{
    const assistant_message message = accumulated_message({
        delta_chunk({.function_call = function_call_delta{.name = "f", .arguments = "{\"a\""}}),
        delta_chunk({.function_call = function_call_delta{.name = "f", .arguments = ":1}", .extra = {{"k", 2}}}}),
        delta_chunk({.function_call = function_call_delta{.name = "", .extra = {{"arguments", nullptr}}}}),
    });
    CHECK(message.function_call == function_call{.name = "f", .arguments = "{\"a\":1}", .extra = {{"k", 2}}});
}

TEST_CASE("the last finish reason that is not empty stays, known or not, and null does not clear it")
{
    chat_completion_chunk empty_reason = finish_chunk("");
    chat_completion_chunk null_reason = text_chunk("");
    null_reason.choices[0].extra = {{"finish_reason", nullptr}, {"logprobs", nullptr}};
    const chat_completion whole =
        accumulate({finish_chunk("stop"), finish_chunk("made_up"), empty_reason, null_reason});
    CHECK(whole.choices.at(0).finish_reason == finish_reason("made_up"));
    CHECK(whole.choices.at(0).extra.empty());
    CHECK_FALSE(accumulate({empty_reason}).choices.at(0).finish_reason);
}

TEST_CASE("it is finished when there is a choice and each has a finish reason")
{
    chat_completion_accumulator accumulator;
    accumulator.add(chunk_of({}));
    CHECK_FALSE(accumulator.finished());
    accumulator.add(chunk_of({{.index = 0}, {.index = 1}}));
    CHECK_FALSE(accumulator.finished());
    accumulator.add(finish_chunk("stop", 1));
    CHECK_FALSE(accumulator.finished());
    accumulator.add(finish_chunk("length", 0));
    CHECK(accumulator.finished());
}

TEST_CASE("logprobs are appended")
{
    chat_completion_chunk first = text_chunk("a");
    first.choices[0].logprobs =
        choice_logprobs{.content = {{.token = "a", .logprob = -1, .top_logprobs = {{.token = "b", .logprob = -2}}}}};
    chat_completion_chunk second = text_chunk("b");
    second.choices[0].logprobs =
        choice_logprobs{.content = {{.token = "b", .logprob = -3}}, .refusal = {{.token = "c", .logprob = -4}}};
    const chat_completion whole = accumulate({first, text_chunk("x"), second});
    REQUIRE(whole.choices.at(0).logprobs);
    const choice_logprobs& logprobs = *whole.choices[0].logprobs;
    REQUIRE(logprobs.content.size() == 2);
    CHECK(logprobs.content[0] == first.choices[0].logprobs->content[0]);
    CHECK(logprobs.content[1].token == "b");
    REQUIRE(logprobs.refusal.size() == 1);
    CHECK_FALSE(accumulate({text_chunk("a")}).choices.at(0).logprobs);
}

TEST_CASE("audio data and transcript are appended and a last chunk may bring only expires_at")
{
    const assistant_message message = accumulated_message({
        delta_chunk({.audio = audio_delta{.id = "audio_1", .transcript = "Hel"}}),
        delta_chunk({.audio = audio_delta{.id = "audio_1", .data = "QUJD", .transcript = "lo"}}),
        delta_chunk({.audio = audio_delta{.data = "REVG"}}),
        delta_chunk({.audio = audio_delta{.expires_at = 1775003600}}),
    });
    CHECK(
        message.audio ==
        answer_audio{.id = "audio_1", .expires_at = 1775003600, .data = "QUJDREVG", .transcript = "Hello"}
    );
}

TEST_CASE("reasoning texts are appended, known and unknown members alike")
{
    const assistant_message message = accumulated_message({
        delta_chunk({.reasoning_content = "a", .extra = {{"reasoning", "c"}, {"thinking", "e"}}}),
        delta_chunk({.reasoning_content = "b", .extra = {{"reasoning", "d"}, {"thinking", nullptr}}}),
        delta_chunk({.extra = {{"reasoning", nullptr}, {"thinking", "f"}}}),
    });
    CHECK(message.reasoning_content == "ab");
    CHECK(message.extra == json::object{{"reasoning", "cd"}, {"thinking", "ef"}});
}

TEST_CASE("other unknown members keep the last value at every level, numbers and booleans are not added")
{
    chat_completion_chunk first = delta_chunk({.extra = {{"n", 1}, {"b", true}, {"s", "x"}, {"o", {{"k", 1}}}}});
    first.choices[0].extra = {{"content_filter_results", {{"hate", 1}}}};
    first.extra = {{"provider", "p1"}, {"seen", 1}};
    chat_completion_chunk second = delta_chunk({.extra = {{"n", 2}, {"b", true}, {"s", "y"}, {"o", nullptr}}});
    second.choices[0].extra = {{"content_filter_results", {{"hate", 2}}}};
    second.extra = {{"provider", "p2"}, {"seen", nullptr}};
    const chat_completion whole = accumulate({first, second});
    CHECK(whole.choices.at(0).message.extra == json::object{{"n", 2}, {"b", true}, {"s", "y"}, {"o", {{"k", 1}}}});
    CHECK(whole.choices.at(0).extra == json::object{{"content_filter_results", {{"hate", 2}}}});
    CHECK(whole.extra == json::object{{"provider", "p2"}, {"seen", 1}});
}

TEST_CASE("a reasoning member that is not a string keeps the last value")
{
    const assistant_message message = accumulated_message({
        extra_chunk({{"reasoning", "a"}}),
        extra_chunk({{"reasoning", {{"text", "b"}}}}),
    });
    CHECK(message.extra == json::object{{"reasoning", {{"text", "b"}}}});
}

TEST_CASE("a whole message beside the delta does not hide the accumulated one")
{
    chat_completion_chunk chunk = text_chunk("a");
    chunk.choices[0].extra = {{"message", {{"role", "assistant"}, {"content", "a"}}}};
    const chat_completion whole = accumulate({chunk});
    CHECK(whole.choices.at(0).extra.empty());
    CHECK(whole.text() == "a");
}

TEST_CASE("the name of the message is taken from the delta")
{
    const assistant_message message = accumulated_message({extra_chunk({{"name", "bob"}}), text_chunk("a")});
    CHECK(message == assistant_message{.content = "a", .name = "bob"});
}

TEST_CASE("annotations are appended, and a repetition of the whole list does not double them")
{
    const annotation a{.type = "url_citation", .url_citation = url_citation{.url = "https://a"}};
    const annotation b{.type = "url_citation", .url_citation = url_citation{.url = "https://b"}};
    CHECK(
        accumulated_message({delta_chunk({.annotations = {a}}), delta_chunk({.annotations = {b}})}).annotations ==
        std::vector<annotation>{a, b}
    );
    CHECK(
        accumulated_message({delta_chunk({.annotations = {a}}), delta_chunk({.annotations = {a, b}})}).annotations ==
        std::vector<annotation>{a, b}
    );
}

TEST_CASE("the padding of a chunk is not in the whole")
{
    chat_completion_chunk chunk = text_chunk("a");
    chunk.obfuscation = "zzzz";
    CHECK(accumulate({chunk}) == accumulate({text_chunk("a")}));
}

TEST_CASE("control messages do not touch texts, identity and unknown members")
{
    chat_completion_chunk event{.id = "ev", .object = "agent.event", .created = 1, .model = "other"};
    event.x_dedalus_event = stream_notice{.type = "agent_updated", .agent = "a"};
    event.extra = {{"noise", 1}};
    event.correlation_id = "corr";
    chat_completion_chunk older{.object = "agent.event", .dedalus_event = stream_notice{.type = "x"}};
    chat_completion expected = accumulate({text_chunk("a"), text_chunk("b")});
    expected.correlation_id = "corr";
    CHECK(accumulate({event, text_chunk("a"), older, text_chunk("b")}) == expected);
}

TEST_CASE("an event beside choices does not keep the chunk from being merged")
{
    chat_completion_chunk chunk = text_chunk("a");
    chunk.object = "";
    chunk.x_dedalus_event = stream_notice{.type = "agent_updated"};
    chunk.dedalus_event = stream_notice{.type = "x"};
    const chat_completion whole = accumulate({chunk});
    CHECK(whole.text() == "a");
    CHECK(whole.extra.empty());
}

TEST_CASE("odd chunks break nothing: no choices, no delta, newlines first, text after the finish, usage last")
{
    chat_completion_chunk filter = chunk_of({});
    filter.extra = {{"prompt_filter_results", json::array{}}};
    chat_completion_chunk without_delta = chunk_of({chunk_choice{.extra = {{"delta", nullptr}}}});
    chat_completion_chunk usage_only = chunk_of({});
    usage_only.usage = usage{.prompt_tokens = 3, .completion_tokens = 4, .total_tokens = 7};
    const chat_completion whole = accumulate(
        {filter, without_delta, text_chunk("\n\n"), text_chunk("a"), finish_chunk("stop"), text_chunk("!"), usage_only}
    );
    REQUIRE(whole.choices.size() == 1);
    CHECK(whole.text() == "\n\na!");
    CHECK(whole.choices[0].finish_reason == finish_reason(finish_reason::stop));
    CHECK(whole.choices[0].extra.empty());
    REQUIRE(whole.usage);
    CHECK(whole.usage->total_tokens == 7);
    CHECK(whole.extra == json::object{{"prompt_filter_results", json::array{}}});
}

TEST_CASE("a choice index outside 0 to 127 is refused and nothing of the chunk is added")
{
    chat_completion_accumulator accumulator;
    accumulator.add(text_chunk("a", 127));
    const chat_completion before = accumulator.completion();
    for (const std::int64_t index : {std::int64_t{-1}, std::int64_t{128}, INT64_MAX, INT64_MIN}) {
        const chat_completion_chunk chunk =
            chunk_of({{.index = 127, .delta = {.content = "lost"}}, {.index = index, .delta = {.content = "x"}}});
        CHECK(code_of_format_error([&] { accumulator.add(chunk); }) == errc::invalid_response);
    }
    CHECK(accumulator.completion() == before);
}

TEST_CASE("all kinds of accumulated text count against the limit")
{
    const std::string text(40, 'x');
    const std::vector<chat_completion_chunk> kinds{
        text_chunk(text),
        delta_chunk({.content = content_parts{text_part{.text = text}}}),
        delta_chunk({.content = content_parts{json::object{{"k", text}}}}),
        delta_chunk({.refusal = text}),
        delta_chunk({.reasoning_content = text}),
        delta_chunk({.function_call = function_call_delta{.arguments = text}}),
        delta_chunk({.audio = audio_delta{.data = text}}),
        delta_chunk({.audio = audio_delta{.transcript = text}}),
        extra_chunk({{"reasoning", text}}),
        calls_chunk({{.index = 0, .function = function_call_delta{.arguments = text}}}),
        calls_chunk({{.index = 0, .custom = custom_call_delta{.input = text}}}),
        chunk_of({{.logprobs = choice_logprobs{.content = {{.token = text}}}}}),
    };
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        CAPTURE(i);
        chat_completion_accumulator accumulator(100);
        CHECK_NOTHROW(accumulator.add(kinds[i]));
        CHECK(code_of_format_error([&] {
                  accumulator.add(kinds[i]);
                  accumulator.add(kinds[i]);
              }) == errc::limit_exceeded);
    }
}

TEST_CASE("the limit itself is allowed, a byte more is not, and replaced values do not add up")
{
    chat_completion_accumulator accumulator(10);
    accumulator.add(text_chunk("0123456789"));
    CHECK(code_of_format_error([&] { accumulator.add(text_chunk("x")); }) == errc::limit_exceeded);
    CHECK(accumulator.completion().text() == "0123456789");

    chat_completion_accumulator replacing(100);
    for (int i = 0; i < 1000; ++i)
        replacing.add(extra_chunk({{"state", std::string(40, 'x')}, {"count", i}}));
    CHECK(replacing.completion().choices.at(0).message.extra.at("count") == 999);
}

TEST_CASE("completion() is a copy that later chunks do not change, and an accumulator can be moved")
{
    chat_completion_accumulator first;
    first.add(text_chunk("a"));
    const chat_completion early = first.completion();
    chat_completion_accumulator second = std::move(first);
    second.add(text_chunk("b"));
    CHECK(early.text() == "a");
    CHECK(second.completion().text() == "ab");
}

}  // namespace accumulator_test
