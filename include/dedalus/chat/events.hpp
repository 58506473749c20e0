#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/config.hpp>

#include <boost/json/value.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace dedalus {

// What a chunk means for the answer. Events are views: pointers, texts and lists in them show into the chunk and into
// what was added up, and are valid until the next event is asked for (chat_completion_events) or the next chunk is
// added (chat_completion_event_accumulator). Copy what has to live longer.
//
// Of one chunk there come first `chunk`, then the deltas, choice by choice in the order content, refusal, logprobs,
// arguments; then the `done` events, in the same order. Deltas are never empty, but for the one that announces a call.
//
// A `done` comes once for each choice or call: when the choice has a finish reason, or when another tool call of the
// choice begins, and for what is still open at the end of the stream. A server that sends more of a text after that
// gets more deltas, and no second `done`. Calls that are sent interleaved are not done before their arguments are a
// whole JSON document, the finish reason, or the end. When a new segment begins (chat_completion_accumulator), all
// begins anew.
//
// Content that is a list of parts: the text is that of its text parts, one after the other; other parts are in the
// chunk alone. So are the answers of another role than "assistant" (none is "assistant"), custom tools, reasoning,
// audio, and the older `function_call`.
//
// "JSON so far" is the value of a text that may be cut: open lists and objects, strings as far as they came, whole
// numbers and literals. Null while there is none (white space), or when the text is not JSON, nested deeper than 128 or
// longer than 16 MiB. That never fails the stream.

/// A chunk came; the events that follow, up to the next of this type, are about it.
struct chunk_event
{
    static constexpr std::string_view type = "chunk";

    const chat_completion_chunk* chunk = nullptr;  ///< never null
};

/// More text.
struct content_delta_event
{
    static constexpr std::string_view type = "content.delta";

    std::int64_t choice_index = 0;
    std::string_view delta{};
    std::string_view snapshot{};                 ///< the text so far, with the delta
    const boost::json::value* parsed = nullptr;  ///< JSON so far; null unless chat_event_options::parse_content
};

/// The text is whole. For content that is "" only when there is neither a refusal nor a tool call; never for absent
/// content.
struct content_done_event
{
    static constexpr std::string_view type = "content.done";

    std::int64_t choice_index = 0;
    std::string_view content{};
    const boost::json::value* parsed = nullptr;  ///< null unless asked for and the text is one whole JSON document
};

/// More of a refusal.
struct refusal_delta_event
{
    static constexpr std::string_view type = "refusal.delta";

    std::int64_t choice_index = 0;
    std::string_view delta{};
    std::string_view snapshot{};  ///< the refusal so far, with the delta
};

/// The refusal is whole.
struct refusal_done_event
{
    static constexpr std::string_view type = "refusal.done";

    std::int64_t choice_index = 0;
    std::string_view refusal{};
};

/// More arguments of a function call. The first of each call announces it, and its delta may be "".
struct arguments_delta_event
{
    static constexpr std::string_view type = "tool_calls.function.arguments.delta";

    std::int64_t choice_index = 0;
    std::int64_t tool_index = 0;   ///< of the wire; calls of one index differ in their `id`
    std::string_view id{};         ///< "" until it came
    std::string_view name{};       ///< "" until it came
    std::string_view arguments{};  ///< so far, with the delta
    std::string_view arguments_delta{};
    const boost::json::value* parsed_arguments = nullptr;  ///< JSON so far
};

/// The arguments of a function call are whole.
struct arguments_done_event
{
    static constexpr std::string_view type = "tool_calls.function.arguments.done";

    std::int64_t choice_index = 0;
    std::int64_t tool_index = 0;
    std::string_view id{};
    std::string_view name{};
    std::string_view arguments{};
    const boost::json::value* parsed_arguments = nullptr;  ///< null when the text is not one whole JSON document
};

/// More log probabilities of the tokens of the text.
struct logprobs_content_delta_event
{
    static constexpr std::string_view type = "logprobs.content.delta";

    std::int64_t choice_index = 0;
    std::span<const token_logprob> content{};   ///< the new entries
    std::span<const token_logprob> snapshot{};  ///< all so far
};

/// All log probabilities of the text are there.
struct logprobs_content_done_event
{
    static constexpr std::string_view type = "logprobs.content.done";

    std::int64_t choice_index = 0;
    std::span<const token_logprob> content{};
};

/// More log probabilities of the tokens of the refusal.
struct logprobs_refusal_delta_event
{
    static constexpr std::string_view type = "logprobs.refusal.delta";

    std::int64_t choice_index = 0;
    std::span<const token_logprob> refusal{};   ///< the new entries
    std::span<const token_logprob> snapshot{};  ///< all so far
};

/// All log probabilities of the refusal are there.
struct logprobs_refusal_done_event
{
    static constexpr std::string_view type = "logprobs.refusal.done";

    std::int64_t choice_index = 0;
    std::span<const token_logprob> refusal{};
};

/// One event of a streamed answer.
using chat_completion_event = std::variant<
    chunk_event,
    content_delta_event,
    content_done_event,
    refusal_delta_event,
    refusal_done_event,
    arguments_delta_event,
    arguments_done_event,
    logprobs_content_delta_event,
    logprobs_content_done_event,
    logprobs_refusal_delta_event,
    logprobs_refusal_done_event>;

/// The name of the event, as other clients of the API have it: "content.delta", ...
DEDALUS_EXPORT std::string_view type_of(const chat_completion_event& event) noexcept;

/// What the events are to tell.
struct chat_event_options
{
    bool parse_content = false;  ///< show the text as JSON; for a request with a JSON response_format
};

}  // namespace dedalus
