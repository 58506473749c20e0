#include <dedalus/chat/event_accumulator.hpp>
#include <dedalus/chat/events.hpp>

#include "support/catch.hpp"
#include "support/chunks.hpp"
#include "support/events.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace chat_events_tool_calls_test {

using namespace dedalus;
using namespace test;

namespace {

tool_call_delta begin(std::int64_t index, std::string id, std::string name, std::string arguments = "")
{
    return {
        .index = index,
        .id = std::move(id),
        .type = "function",
        .function = function_call_delta{.name = std::move(name), .arguments = std::move(arguments)},
    };
}

tool_call_delta more(std::int64_t index, std::string arguments)
{
    return {.index = index, .function = function_call_delta{.arguments = std::move(arguments)}};
}

tool_call_delta custom(std::int64_t index, std::string id, std::string input)
{
    return {
        .index = index,
        .id = std::move(id),
        .type = "custom",
        .custom = custom_call_delta{.name = "c", .input = std::move(input)},
    };
}

/// The events without the lines for the chunks.
lines calls_of(const std::vector<chat_completion_chunk>& chunks)
{
    lines all = lines_of(chunks);
    std::erase(all, "chunk");
    return all;
}

}  // namespace

TEST_CASE("events of calls: arguments grow, as text and as JSON, and are done with the finish reason")
{
    CHECK(
        calls_of({
            calls_chunk({begin(0, "a", "f")}),
            calls_chunk({more(0, "{\"city\":\"Pa")}),
            calls_chunk({more(0, "")}),
            calls_chunk({more(0, "ris\"}")}),
            finish_chunk("tool_calls"),
        }) ==
        lines{
            "arguments.delta 0.0 a f [] []",
            "arguments.delta 0.0 a f [{\"city\":\"Pa] [{\"city\":\"Pa] {\"city\":\"Pa\"}",
            "arguments.delta 0.0 a f [ris\"}] [{\"city\":\"Paris\"}] {\"city\":\"Paris\"}",
            "arguments.done 0.0 a f [{\"city\":\"Paris\"}] {\"city\":\"Paris\"}",
            "end",
        }
    );
}

TEST_CASE("events of calls: arguments in the chunk of the finish reason come before their done")
{
    chat_completion_chunk last = calls_chunk({more(0, "1}")});
    last.choices[0].finish_reason = finish_reason("tool_calls");
    CHECK(
        calls_of({calls_chunk({begin(0, "a", "f", "{\"n\":")}), last}) ==
        lines{
            "arguments.delta 0.0 a f [{\"n\":] [{\"n\":] {}",
            "arguments.delta 0.0 a f [1}] [{\"n\":1}] {\"n\":1}",
            "arguments.done 0.0 a f [{\"n\":1}] {\"n\":1}",
            "end",
        }
    );
}

TEST_CASE("events of calls: the next call ends the one before, and the text")
{
    CHECK(
        calls_of({
            text_chunk("Let me see."),
            calls_chunk({begin(0, "a", "f", "{}")}),
            calls_chunk({begin(1, "b", "g", "{\"x\":")}),
            calls_chunk({more(1, "2}")}),
            finish_chunk("tool_calls"),
        }) ==
        lines{
            "content.delta 0 [Let me see.] [Let me see.]",
            "arguments.delta 0.0 a f [{}] [{}] {}",
            "content.done 0 [Let me see.]",
            "arguments.delta 0.1 b g [{\"x\":] [{\"x\":] {}",
            "arguments.done 0.0 a f [{}] {}",
            "arguments.delta 0.1 b g [2}] [{\"x\":2}] {\"x\":2}",
            "arguments.done 0.1 b g [{\"x\":2}] {\"x\":2}",
            "end",
        }
    );
}

TEST_CASE("events of calls: several whole calls in one chunk")
{
    CHECK(
        calls_of({calls_chunk({begin(0, "a", "f", "{}"), begin(1, "b", "g", "[1]")}), finish_chunk("tool_calls")}) ==
        lines{
            "arguments.delta 0.0 a f [{}] [{}] {}",
            "arguments.delta 0.1 b g [[1]] [[1]] [1]",
            "arguments.done 0.0 a f [{}] {}",
            "arguments.done 0.1 b g [[1]] [1]",
            "end",
        }
    );
}

TEST_CASE("events of calls: interleaved calls stay open while their arguments are cut")
{
    CHECK(
        calls_of({
            calls_chunk({begin(0, "a", "f", "{\"n\":")}),
            calls_chunk({begin(1, "b", "g", "{\"m\":")}),
            calls_chunk({more(0, "1}")}),
            calls_chunk({more(1, "2}")}),
            finish_chunk("tool_calls"),
        }) ==
        lines{
            "arguments.delta 0.0 a f [{\"n\":] [{\"n\":] {}",
            "arguments.delta 0.1 b g [{\"m\":] [{\"m\":] {}",
            "arguments.delta 0.0 a f [1}] [{\"n\":1}] {\"n\":1}",
            "arguments.delta 0.1 b g [2}] [{\"m\":2}] {\"m\":2}",
            "arguments.done 0.0 a f [{\"n\":1}] {\"n\":1}",
            "arguments.done 0.1 b g [{\"m\":2}] {\"m\":2}",
            "end",
        }
    );
}

TEST_CASE("events of calls: arguments that are not JSON are done with the next call, without a value")
{
    CHECK(
        calls_of({calls_chunk({begin(0, "a", "f", "oh no")}), calls_chunk({begin(1, "b", "g", "{}")})}) ==
        lines{
            "arguments.delta 0.0 a f [oh no] [oh no]",
            "arguments.delta 0.1 b g [{}] [{}] {}",
            "arguments.done 0.0 a f [oh no]",
            "end",
            "arguments.done 0.1 b g [{}] {}",
        }
    );
}

TEST_CASE("events of calls: another id at an index in use is another call")
{
    CHECK(
        calls_of({
            calls_chunk({begin(0, "a", "f", "{}")}),
            calls_chunk({begin(0, "b", "g", "[]")}),
            finish_chunk("tool_calls"),
        }) ==
        lines{
            "arguments.delta 0.0 a f [{}] [{}] {}",
            "arguments.delta 0.0 b g [[]] [[]] []",
            "arguments.done 0.0 a f [{}] {}",
            "arguments.done 0.0 b g [[]] []",
            "end",
        }
    );
}

TEST_CASE("events of calls: cut arguments are done without a value")
{
    CHECK(
        calls_of({calls_chunk({begin(0, "a", "f", "{\"n\":")}), finish_chunk("length")}) ==
        lines{"arguments.delta 0.0 a f [{\"n\":] [{\"n\":] {}", "arguments.done 0.0 a f [{\"n\":]", "end"}
    );
    CHECK(
        calls_of({calls_chunk({begin(0, "a", "f")})}) ==
        lines{"arguments.delta 0.0 a f [] []", "end", "arguments.done 0.0 a f []"}
    );
}

TEST_CASE("events of calls: custom tools have none, but end the call before them")
{
    CHECK(
        calls_of({
            text_chunk("a"),
            calls_chunk({custom(0, "a", "x")}),
            calls_chunk({custom(0, "a", "y")}),
            finish_chunk("tool_calls"),
        }) == lines{"content.delta 0 [a] [a]", "content.done 0 [a]", "end"}
    );
    CHECK(
        calls_of({calls_chunk({begin(0, "a", "f", "{}")}), calls_chunk({custom(1, "b", "x")})}) ==
        lines{"arguments.delta 0.0 a f [{}] [{}] {}", "arguments.done 0.0 a f [{}] {}", "end"}
    );
}

TEST_CASE("events of calls: a call of an unknown type has none")
{
    tool_call_delta unknown = begin(0, "a", "f", "{}");
    unknown.type = "retrieval";
    CHECK(calls_of({calls_chunk({unknown}), finish_chunk("tool_calls")}) == lines{"end"});
}

TEST_CASE("events of calls: pieces of one call in one chunk have the text of each")
{
    CHECK(
        calls_of({calls_chunk({begin(0, "a", "f", "[1,"), more(0, "2"), more(0, "]")})}) ==
        lines{
            "arguments.delta 0.0 a f [[1,] [[1,] [1,2]",
            "arguments.delta 0.0 a f [2] [[1,2] [1,2]",
            "arguments.delta 0.0 a f []] [[1,2]] [1,2]",
            "end",
            "arguments.done 0.0 a f [[1,2]] [1,2]",
        }
    );
}

TEST_CASE("events of calls: choices have calls of their own")
{
    CHECK(
        calls_of({
            calls_chunk({begin(0, "a", "f", "{}")}, 0),
            calls_chunk({begin(0, "b", "g", "[]")}, 1),
            finish_chunk("tool_calls", 0),
            finish_chunk("tool_calls", 1),
        }) ==
        lines{
            "arguments.delta 0.0 a f [{}] [{}] {}",
            "arguments.delta 1.0 b g [[]] [[]] []",
            "arguments.done 0.0 a f [{}] {}",
            "arguments.done 1.0 b g [[]] []",
            "end",
        }
    );
}

TEST_CASE("events of calls: a call after the finish reason is done by the next one, and nothing twice")
{
    CHECK(
        calls_of({
            calls_chunk({begin(0, "a", "f", "{}")}),
            finish_chunk("tool_calls"),
            calls_chunk({begin(1, "b", "g", "[]")}),
            finish_chunk("tool_calls"),
        }) ==
        lines{
            "arguments.delta 0.0 a f [{}] [{}] {}",
            "arguments.done 0.0 a f [{}] {}",
            "arguments.delta 0.1 b g [[]] [[]] []",
            "arguments.done 0.1 b g [[]] []",
            "end",
        }
    );
}

TEST_CASE("events of calls: arguments after their done give deltas without JSON")
{
    CHECK(
        calls_of({calls_chunk({begin(0, "a", "f", "{}")}), finish_chunk("tool_calls"), calls_chunk({more(0, " ")})}) ==
        lines{
            "arguments.delta 0.0 a f [{}] [{}] {}",
            "arguments.done 0.0 a f [{}] {}",
            "arguments.delta 0.0 a f [ ] [{} ]",
            "end",
        }
    );
}

TEST_CASE("events of calls: a segment that shows by its call keeps the text that came before the call")
{
    const std::vector<chat_completion_chunk> chunks{
        text_chunk("old"),
        calls_chunk({begin(0, "a", "f", "{}")}),
        finish_chunk("tool_calls"),
        text_chunk("new"),
        delta_chunk({.content = "er", .tool_calls = {begin(0, "b", "g", "[]")}}),
        finish_chunk("tool_calls"),
    };
    CHECK(
        calls_of(chunks) ==
        lines{
            "content.delta 0 [old] [old]",
            "arguments.delta 0.0 a f [{}] [{}] {}",
            "content.done 0 [old]",
            "arguments.done 0.0 a f [{}] {}",
            "content.delta 0 [new] [oldnew]",
            "content.delta 0 [er] [newer]",
            "arguments.delta 0.0 b g [[]] [[]] []",
            "content.done 0 [newer]",
            "arguments.done 0.0 b g [[]] []",
            "end",
        }
    );
    CHECK(accumulate(chunks).text() == "newer");
}

TEST_CASE("events of calls: a segment that begins within a chunk harms no view")
{
    chat_completion_chunk chunk = chunk_of({
        chunk_choice{.delta = {.content = "a long text of the first segment"}},
        chunk_choice{
            .delta = {.tool_calls = {begin(0, "a", "f", "{\"long\":\"arguments\"}")}},
            .finish_reason = finish_reason("tool_calls"),
            .logprobs = choice_logprobs{.content = {{.token = "a"}}},
        },
        chunk_choice{.delta = {.content = "b", .tool_calls = {begin(0, "b", "g", "[]")}}},
    });
    CHECK(
        calls_of({chunk}) ==
        lines{
            "content.delta 0 [a long text of the first segment] [b]",
            "content.delta 0 [b] [b]",
            "arguments.delta 0.0 b g [[]] [[]] []",
            "content.done 0 [b]",
            "arguments.done 0.0 b g [[]] []",
            "end",
        }
    );
}

TEST_CASE("events of calls: many pieces of arguments are neither copied nor parsed again")
{
    chat_completion_event_accumulator accumulator;
    std::set<const void*> texts;
    std::set<const void*> strings;
    accumulator.add(calls_chunk({begin(0, "a", "f", "{\"text\":\"")}));
    for (std::size_t i = 0; i < 20'000; ++i) {
        const auto& events = accumulator.add(calls_chunk({more(0, "word ")}));
        const auto& delta = std::get<arguments_delta_event>(events.at(1));
        texts.insert(delta.arguments.data());
        strings.insert(delta.parsed_arguments->at("text").as_string().data());
    }
    CHECK(texts.size() < 25);
    CHECK(strings.size() < 25);
}

}  // namespace chat_events_tool_calls_test
