#include <dedalus/chat/event_accumulator.hpp>
#include <dedalus/chat/events.hpp>
#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/chunks.hpp"
#include "support/events.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace chat_events_test {

using namespace dedalus;
using namespace test;

namespace {

std::vector<token_logprob> tokens(std::vector<std::string> texts)
{
    std::vector<token_logprob> list;
    for (std::string& text : texts)
        list.push_back({.token = std::move(text), .logprob = -0.5});
    return list;
}

chat_completion_chunk logprobs_chunk(choice_logprobs logprobs)
{
    return chunk_of({chunk_choice{.logprobs = std::move(logprobs)}});
}

chat_completion_chunk parts_chunk(std::vector<content_part> parts)
{
    return delta_chunk({.content = std::move(parts)});
}

}  // namespace

TEST_CASE("events: names are those of other clients")
{
    CHECK(type_of(chunk_event{}) == "chunk");
    CHECK(type_of(content_delta_event{}) == "content.delta");
    CHECK(type_of(content_done_event{}) == "content.done");
    CHECK(type_of(refusal_delta_event{}) == "refusal.delta");
    CHECK(type_of(refusal_done_event{}) == "refusal.done");
    CHECK(type_of(arguments_delta_event{}) == "tool_calls.function.arguments.delta");
    CHECK(type_of(arguments_done_event{}) == "tool_calls.function.arguments.done");
    CHECK(type_of(logprobs_content_delta_event{}) == "logprobs.content.delta");
    CHECK(type_of(logprobs_content_done_event{}) == "logprobs.content.done");
    CHECK(type_of(logprobs_refusal_delta_event{}) == "logprobs.refusal.delta");
    CHECK(type_of(logprobs_refusal_done_event{}) == "logprobs.refusal.done");
}

TEST_CASE("events: text gives deltas, and is done with the finish reason")
{
    CHECK(
        lines_of({
            delta_chunk({.role = "assistant", .content = ""}),
            text_chunk("Pa"),
            text_chunk("ris"),
            finish_chunk("stop"),
        }) ==
        lines{
            "chunk",
            "chunk",
            "content.delta 0 [Pa] [Pa]",
            "chunk",
            "content.delta 0 [ris] [Paris]",
            "chunk",
            "content.done 0 [Paris]",
            "end",
        }
    );
}

TEST_CASE("events: what is open at the end of the stream is done then, once")
{
    chat_completion_event_accumulator accumulator;
    accumulator.add(text_chunk("half"));
    CHECK(lines_of(accumulator.finish()) == lines{"content.done 0 [half]"});
    CHECK(accumulator.finish().empty());
}

TEST_CASE("events: within a chunk the deltas come first, in their order, and the dones after them")
{
    chat_completion_chunk chunk = chunk_of({chunk_choice{
        .delta =
            {
                .content = "yes",
                .refusal = "no",
                .tool_calls = {{
                    .index = 0,
                    .id = "a",
                    .function = function_call_delta{.name = "f", .arguments = "{}"},
                }},
            },
        .finish_reason = finish_reason("stop"),
        .logprobs = choice_logprobs{.content = tokens({"yes"}), .refusal = tokens({"no"})},
    }});
    CHECK(
        lines_of({chunk}) ==
        lines{
            "chunk",
            "content.delta 0 [yes] [yes]",
            "refusal.delta 0 [no] [no]",
            "logprobs.content.delta 0 [yes,] [yes,]",
            "logprobs.refusal.delta 0 [no,] [no,]",
            "arguments.delta 0.0 a f [{}] [{}] {}",
            "content.done 0 [yes]",
            "refusal.done 0 [no]",
            "logprobs.content.done 0 [yes,]",
            "logprobs.refusal.done 0 [no,]",
            "arguments.done 0.0 a f [{}] {}",
            "end",
        }
    );
}

TEST_CASE("events: empty content is done as empty text when there is nothing else, absent content never")
{
    const chat_completion_chunk empty = delta_chunk({.role = "assistant", .content = ""});
    const chat_completion_chunk absent = delta_chunk({.role = "assistant"});
    const chat_completion_chunk refusal = delta_chunk({.refusal = "no"});
    const chat_completion_chunk call =
        calls_chunk({{.index = 0, .id = "a", .custom = custom_call_delta{.name = "c", .input = "x"}}});
    const chat_completion_chunk finish = finish_chunk("stop");

    CHECK(lines_of({empty, finish}) == lines{"chunk", "chunk", "content.done 0 []", "end"});
    CHECK(lines_of({empty}) == lines{"chunk", "end", "content.done 0 []"});
    CHECK(lines_of({absent, finish}) == lines{"chunk", "chunk", "end"});
    CHECK(
        lines_of({empty, refusal, finish}) ==
        lines{"chunk", "chunk", "refusal.delta 0 [no] [no]", "chunk", "refusal.done 0 [no]", "end"}
    );
    CHECK(lines_of({empty, call, finish}) == lines{"chunk", "chunk", "chunk", "end"});
}

TEST_CASE("events: an empty delta is no event, before and after the first text")
{
    CHECK(
        lines_of({text_chunk(""), text_chunk("a"), text_chunk(""), delta_chunk({.refusal = ""})}) ==
        lines{"chunk", "chunk", "content.delta 0 [a] [a]", "chunk", "chunk", "end", "content.done 0 [a]"}
    );
}

TEST_CASE("events: refusals have deltas and a done of their own")
{
    CHECK(
        lines_of({delta_chunk({.refusal = "I "}), delta_chunk({.refusal = "can't"}), finish_chunk("stop")}) ==
        lines{
            "chunk",
            "refusal.delta 0 [I ] [I ]",
            "chunk",
            "refusal.delta 0 [can't] [I can't]",
            "chunk",
            "refusal.done 0 [I can't]",
            "end",
        }
    );
}

TEST_CASE("events: each list of logprobs has deltas and a done")
{
    CHECK(
        lines_of({
            logprobs_chunk({.content = tokens({"a", "b"})}),
            logprobs_chunk({.content = tokens({"c"})}),
            logprobs_chunk({.refusal = tokens({"x"})}),
            logprobs_chunk({}),
            finish_chunk("stop"),
        }) ==
        lines{
            "chunk",
            "logprobs.content.delta 0 [a,b,] [a,b,]",
            "chunk",
            "logprobs.content.delta 0 [c,] [a,b,c,]",
            "chunk",
            "logprobs.refusal.delta 0 [x,] [x,]",
            "chunk",
            "chunk",
            "logprobs.content.done 0 [a,b,c,]",
            "logprobs.refusal.done 0 [x,]",
            "end",
        }
    );
}

TEST_CASE("events: choices are told apart, and each is done by its own finish reason")
{
    CHECK(
        lines_of({
            chunk_of({
                chunk_choice{.index = 1, .delta = {.content = "b"}},
                chunk_choice{.index = 0, .delta = {.content = "a"}},
            }),
            text_chunk("B", 1),
            finish_chunk("stop", 1),
            text_chunk("A", 0),
            finish_chunk("length", 0),
        }) ==
        lines{
            "chunk",
            "content.delta 1 [b] [b]",
            "content.delta 0 [a] [a]",
            "chunk",
            "content.delta 1 [B] [bB]",
            "chunk",
            "content.done 1 [bB]",
            "chunk",
            "content.delta 0 [A] [aA]",
            "chunk",
            "content.done 0 [aA]",
            "end",
        }
    );
}

TEST_CASE("events: deltas of all choices of a chunk come before the dones of any")
{
    chat_completion_chunk chunk = chunk_of({
        chunk_choice{.index = 0, .delta = {.content = "a"}, .finish_reason = finish_reason("stop")},
        chunk_choice{.index = 1, .delta = {.content = "b"}, .finish_reason = finish_reason("stop")},
    });
    CHECK(
        lines_of({chunk}) ==
        lines{
            "chunk",
            "content.delta 0 [a] [a]",
            "content.delta 1 [b] [b]",
            "content.done 0 [a]",
            "content.done 1 [b]",
            "end",
        }
    );
}

TEST_CASE("events: a choice named twice in a chunk has the snapshot of each piece")
{
    chat_completion_chunk chunk = chunk_of({
        chunk_choice{.delta = {.content = "a", .refusal = "x"}},
        chunk_choice{.delta = {.content = "b", .refusal = "y"}},
    });
    CHECK(
        lines_of({chunk}) ==
        lines{
            "chunk",
            "content.delta 0 [a] [a]",
            "refusal.delta 0 [x] [x]",
            "content.delta 0 [b] [ab]",
            "refusal.delta 0 [y] [xy]",
            "end",
            "content.done 0 [ab]",
            "refusal.done 0 [xy]",
        }
    );
}

TEST_CASE("events: only the assistant has them")
{
    CHECK(
        lines_of({
            delta_chunk({.role = "tool", .content = "result", .refusal = "no"}),
            calls_chunk({{.index = 0, .function = function_call_delta{.name = "f", .arguments = "{}"}}}),
            finish_chunk("stop"),
        }) == lines{"chunk", "chunk", "chunk", "end"}
    );
}

TEST_CASE("events: text after the finish reason gives deltas, and no second done")
{
    CHECK(
        lines_of({text_chunk("a"), finish_chunk("stop"), text_chunk("b"), finish_chunk("stop")}) ==
        lines{
            "chunk",
            "content.delta 0 [a] [a]",
            "chunk",
            "content.done 0 [a]",
            "chunk",
            "content.delta 0 [b] [ab]",
            "chunk",
            "end",
        }
    );
}

TEST_CASE("events: a chunk without choices, and a control message, is a chunk event alone")
{
    chat_completion_chunk usage_chunk = chunk_of({});
    usage_chunk.usage = usage{.prompt_tokens = 1, .completion_tokens = 2, .total_tokens = 3};
    chat_completion_chunk control{.object = "event"};
    control.x_dedalus_event.emplace();
    CHECK(lines_of({usage_chunk, control}) == lines{"chunk", "chunk", "end"});
}

TEST_CASE("events: the chunk event shows the chunk")
{
    chat_completion_event_accumulator accumulator;
    const auto& events = accumulator.add(with_id("c7", text_chunk("a")));
    CHECK(*std::get<chunk_event>(events.at(0)).chunk == with_id("c7", text_chunk("a")));
}

TEST_CASE("events: content is shown as JSON when that is asked for")
{
    const std::vector<chat_completion_chunk> chunks{
        text_chunk(" "),
        text_chunk("{\"city\":\"Pa"),
        text_chunk("ris\",\"n\":1"),
        text_chunk("2}"),
        finish_chunk("stop"),
    };
    CHECK(
        lines_of(chunks, {.parse_content = true}) ==
        lines{
            "chunk",
            "content.delta 0 [ ] [ ]",
            "chunk",
            "content.delta 0 [{\"city\":\"Pa] [ {\"city\":\"Pa] {\"city\":\"Pa\"}",
            "chunk",
            "content.delta 0 [ris\",\"n\":1] [ {\"city\":\"Paris\",\"n\":1] {\"city\":\"Paris\"}",
            "chunk",
            "content.delta 0 [2}] [ {\"city\":\"Paris\",\"n\":12}] {\"city\":\"Paris\",\"n\":12}",
            "chunk",
            "content.done 0 [ {\"city\":\"Paris\",\"n\":12}] {\"city\":\"Paris\",\"n\":12}",
            "end",
        }
    );
    CHECK(lines_of(chunks).at(3) == "content.delta 0 [{\"city\":\"Pa] [ {\"city\":\"Pa]");
}

TEST_CASE("events: text that is not JSON, or cut JSON, does not fail the stream")
{
    CHECK(
        lines_of({text_chunk("[1,"), text_chunk("oh"), finish_chunk("stop")}, {.parse_content = true}) ==
        lines{
            "chunk",
            "content.delta 0 [[1,] [[1,] [1]",
            "chunk",
            "content.delta 0 [oh] [[1,oh]",
            "chunk",
            "content.done 0 [[1,oh]",
            "end",
        }
    );
    CHECK(
        lines_of({text_chunk("[1,"), finish_chunk("length")}, {.parse_content = true}) ==
        lines{"chunk", "content.delta 0 [[1,] [[1,] [1]", "chunk", "content.done 0 [[1,]", "end"}
    );
}

TEST_CASE("events: of content in parts the text parts are the text")
{
    const boost::json::object thinking{{"type", "thinking"}, {"thinking", boost::json::array{"hm"}}};
    CHECK(
        lines_of({
            parts_chunk({thinking}),
            parts_chunk({text_part{.text = "a"}, thinking, text_part{.text = "b"}}),
            text_chunk("c"),
            parts_chunk({text_part{.text = ""}}),
            finish_chunk("stop"),
        }) ==
        lines{
            "chunk",
            "chunk",
            "content.delta 0 [a] [a]",
            "content.delta 0 [b] [ab]",
            "chunk",
            "content.delta 0 [c] [abc]",
            "chunk",
            "chunk",
            "content.done 0 [abc]",
            "end",
        }
    );
    CHECK(lines_of({parts_chunk({thinking}), finish_chunk("stop")}) == lines{"chunk", "chunk", "end"});
}

TEST_CASE("events: a string that becomes a list of parts goes on as one text")
{
    CHECK(
        lines_of({text_chunk("a"), parts_chunk({text_part{.text = "b"}}), parts_chunk({text_part{.text = "c"}})}) ==
        lines{
            "chunk",
            "content.delta 0 [a] [a]",
            "chunk",
            "content.delta 0 [b] [ab]",
            "chunk",
            "content.delta 0 [c] [abc]",
            "end",
            "content.done 0 [abc]",
        }
    );
    chat_completion_chunk both = chunk_of({
        chunk_choice{.delta = {.content = "b"}},
        chunk_choice{.delta = {.content = std::vector<content_part>{text_part{.text = "c"}}}},
    });
    CHECK(
        lines_of({text_chunk("a"), both}) ==
        lines{
            "chunk",
            "content.delta 0 [a] [a]",
            "chunk",
            "content.delta 0 [b] [ab]",
            "content.delta 0 [c] [abc]",
            "end",
            "content.done 0 [abc]",
        }
    );
}

TEST_CASE("events: a new answer in the same stream begins anew")
{
    CHECK(
        lines_of({
            text_chunk("Let me look."),
            finish_chunk("tool_calls"),
            with_id("c2", text_chunk("Sun")),
            with_id("c2", finish_chunk("stop")),
        }) ==
        lines{
            "chunk",
            "content.delta 0 [Let me look.] [Let me look.]",
            "chunk",
            "content.done 0 [Let me look.]",
            "chunk",
            "content.delta 0 [Sun] [Sun]",
            "chunk",
            "content.done 0 [Sun]",
            "end",
        }
    );
}

TEST_CASE("events: a chunk that is refused has no events, and the accumulator stays usable")
{
    chat_completion_event_accumulator accumulator({}, 10);
    const auto& events = accumulator.add(text_chunk("12345"));
    CHECK(events.size() == 2);
    CHECK_THROWS_AS(accumulator.add(text_chunk("x", 1000)), response_format_error);
    CHECK(events.empty());
    CHECK_THROWS_AS(accumulator.add(text_chunk("678901")), response_format_error);
    CHECK(events.empty());
    CHECK(lines_of(accumulator.finish()) == lines{"content.done 0 [12345]"});

    accumulator.add(finish_chunk("stop"));
    CHECK_THROWS_AS(accumulator.add(with_id("c2", text_chunk("too long"))), response_format_error);
    CHECK(accumulator.finish().empty());
}

TEST_CASE("events: the accumulator of events adds up like the other one")
{
    const std::vector<chat_completion_chunk> chunks{text_chunk("a"), text_chunk("b", 1), finish_chunk("stop")};
    chat_completion_event_accumulator accumulator;
    for (const chat_completion_chunk& chunk : chunks)
        accumulator.add(chunk);
    CHECK(accumulator.accumulated().completion() == accumulate(chunks));
    CHECK_FALSE(accumulator.accumulated().finished());
}

TEST_CASE("events: snapshots and JSON are views into what grows, not copies")
{
    chat_completion_event_accumulator accumulator({.parse_content = true});
    std::set<const void*> texts;
    std::set<const void*> strings;
    std::set<const void*> values;
    accumulator.add(text_chunk("{\"text\":\""));
    constexpr std::size_t count = 20'000;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& events = accumulator.add(text_chunk("word "));
        const auto& delta = std::get<content_delta_event>(events.at(1));
        REQUIRE(delta.snapshot.size() == 9 + 5 * (i + 1));
        texts.insert(delta.snapshot.data());
        values.insert(delta.parsed);
        strings.insert(delta.parsed->at("text").as_string().data());
    }
    // A buffer that doubles moves a few times.
    CHECK(texts.size() < 25);
    CHECK(strings.size() < 25);
    CHECK(values.size() == 1);
}

}  // namespace chat_events_test
