#pragma once

#include <dedalus/boxed_optional.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/explicit_nulls.hpp>

#include <boost/describe/class.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dedalus {

// What a stream gives with each event is made to be cheap: members that are seldom there are a boxed_optional, and
// a null of a member is noted in `nulls` rather than in `extra`, where the struct has it.

/// Part of a function call.
struct function_call_delta
{
    std::optional<std::string> name{};
    std::optional<std::string> arguments{};  ///< a piece of the text; an object on the wire is read as its text
    boost::json::object extra{};
    explicit_nulls nulls{};  ///< members that were null. Not a wire member

    bool operator==(const function_call_delta&) const = default;
};
BOOST_DESCRIBE_STRUCT(function_call_delta, (), (name, arguments))

/// Part of a call of a custom tool.
struct custom_call_delta
{
    std::optional<std::string> name{};
    std::optional<std::string> input{};  ///< a piece of the text
    boost::json::object extra{};

    bool operator==(const custom_call_delta&) const = default;
};
BOOST_DESCRIBE_STRUCT(custom_call_delta, (), (name, input))

/// Part of a tool call; parts of one call have the same `index`.
struct tool_call_delta
{
    std::optional<std::int64_t> index{};
    std::optional<std::string> id{};
    std::optional<std::string> type{};
    std::optional<function_call_delta> function{};
    boxed_optional<custom_call_delta> custom{};
    std::optional<std::string> thought_signature{};
    boost::json::object extra{};
    explicit_nulls nulls{};  ///< members that were null. Not a wire member

    bool operator==(const tool_call_delta&) const = default;
};
BOOST_DESCRIBE_STRUCT(tool_call_delta, (), (index, id, type, function, custom, thought_signature))

/// Part of the sound of an answer.
struct audio_delta
{
    std::optional<std::string> id{};
    std::optional<std::int64_t> expires_at{};
    std::optional<std::string> data{};        ///< a piece of the base64 text
    std::optional<std::string> transcript{};  ///< a piece of the text
    boost::json::object extra{};

    bool operator==(const audio_delta&) const = default;
};
BOOST_DESCRIBE_STRUCT(audio_delta, (), (id, expires_at, data, transcript))

/// What a chunk adds to the message of a choice.
struct message_delta
{
    std::optional<std::string> role{};
    std::optional<message_content> content{};  ///< a piece of the text; some providers send parts
    std::optional<std::string> refusal{};
    std::vector<tool_call_delta> tool_calls{};
    boxed_optional<function_call_delta> function_call{};
    boxed_optional<audio_delta> audio{};
    std::vector<annotation> annotations{};
    std::optional<std::string> reasoning_content{};
    boost::json::object extra{};
    explicit_nulls nulls{};  ///< members that were null. Not a wire member

    bool operator==(const message_delta&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    message_delta, (), (role, content, refusal, tool_calls, function_call, audio, annotations, reasoning_content)
)

struct chunk_choice
{
    std::int64_t index = 0;
    message_delta delta{};
    std::optional<dedalus::finish_reason> finish_reason{};
    boxed_optional<choice_logprobs> logprobs{};
    boost::json::object extra{};
    explicit_nulls nulls{};  ///< members that were null. Not a wire member

    bool operator==(const chunk_choice&) const = default;
};
BOOST_DESCRIBE_STRUCT(chunk_choice, (), (index, delta, finish_reason, logprobs))

/// What the server tells about a stream besides its text; undocumented. Known: type "agent_updated", when another agent
/// or model goes on.
struct stream_notice
{
    std::optional<std::string> type{};
    std::optional<std::string> agent{};
    std::optional<std::string> model{};
    boost::json::object extra{};

    bool operator==(const stream_notice&) const = default;
};
BOOST_DESCRIBE_STRUCT(stream_notice, (), (type, agent, model))

/// One event of a stream. `choices` may be empty (usage, handoff members). The handoff members are not documented for
/// chunks and are read from any chunk that has them.
struct DEDALUS_EXPORT chat_completion_chunk
{
    std::string id{};
    std::string object{};      ///< "chat.completion.chunk"
    std::int64_t created = 0;  ///< Unix time in seconds
    std::string model{};
    std::vector<chunk_choice> choices{};
    boxed_optional<dedalus::usage> usage{};
    std::optional<std::string> system_fingerprint{};
    std::optional<dedalus::service_tier> service_tier{};
    std::optional<std::string> obfuscation{};  ///< random padding, without meaning
    std::vector<std::string> tools_executed{};
    std::map<std::string, mcp_server_error, std::less<>> mcp_server_errors{};
    std::vector<mcp_tool_result> mcp_tool_results{};
    std::optional<std::string> correlation_id{};
    boxed_optional<boost::json::object> server_results{};
    std::vector<deferred_call> deferred{};
    std::vector<pending_call> pending_tools{};
    std::optional<std::int64_t> turns_consumed{};
    boxed_optional<stream_notice> x_dedalus_event{};
    boxed_optional<stream_notice> dedalus_event{};  ///< older name of x_dedalus_event
    boost::json::object extra{};
    explicit_nulls nulls{};  ///< members that were null. Not a wire member

    /// The bytes of `deferred` as received. Not a wire member.
    std::string deferred_raw{};

    /// The bytes of each value of `server_results` as received, by call id. Not a wire member.
    std::map<std::string, std::string, std::less<>> server_results_raw{};

    /// The piece of text of the first choice in the chunk; "" when there is none.
    std::string text() const;

    /// The delta of the first choice in the chunk; null when there is no choice.
    const message_delta* first_delta() const;

    bool operator==(const chat_completion_chunk&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    chat_completion_chunk,
    (),
    (id,
     object,
     created,
     model,
     choices,
     usage,
     system_fingerprint,
     service_tier,
     obfuscation,
     tools_executed,
     mcp_server_errors,
     mcp_tool_results,
     correlation_id,
     server_results,
     deferred,
     pending_tools,
     turns_consumed,
     x_dedalus_event,
     dedalus_event)
)

}  // namespace dedalus
