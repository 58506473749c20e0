#pragma once

#include <dedalus/chat/handoff.hpp>
#include <dedalus/chat/mcp.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/chat/service_tier.hpp>
#include <dedalus/config.hpp>
#include <dedalus/response_info.hpp>

#include <boost/describe/class.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus {

/// Why the model stopped.
struct finish_reason : open_enum<finish_reason>
{
    using open_enum::open_enum;
    static constexpr std::string_view stop = "stop";
    static constexpr std::string_view length = "length";
    static constexpr std::string_view tool_calls = "tool_calls";
    static constexpr std::string_view content_filter = "content_filter";
    static constexpr std::string_view function_call = "function_call";
    static constexpr std::string_view model_length = "model_length";  ///< Mistral: context limit of the model
    static constexpr std::string_view error = "error";                ///< Mistral: generation failed
};

struct completion_tokens_details
{
    std::optional<std::int64_t> accepted_prediction_tokens{};
    std::optional<std::int64_t> audio_tokens{};
    std::optional<std::int64_t> reasoning_tokens{};
    std::optional<std::int64_t> rejected_prediction_tokens{};
    std::optional<std::int64_t> text_tokens{};   ///< some providers
    std::optional<std::int64_t> image_tokens{};  ///< some providers
    boost::json::object extra{};

    bool operator==(const completion_tokens_details&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    completion_tokens_details,
    (),
    (accepted_prediction_tokens, audio_tokens, reasoning_tokens, rejected_prediction_tokens, text_tokens, image_tokens)
)

struct prompt_tokens_details
{
    std::optional<std::int64_t> audio_tokens{};
    std::optional<std::int64_t> cached_tokens{};
    std::optional<std::int64_t> text_tokens{};         ///< some providers
    std::optional<std::int64_t> image_tokens{};        ///< some providers
    std::optional<std::int64_t> cache_write_tokens{};  ///< some providers
    boost::json::object extra{};

    bool operator==(const prompt_tokens_details&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    prompt_tokens_details, (), (audio_tokens, cached_tokens, text_tokens, image_tokens, cache_write_tokens)
)

/// Tokens that the whole request cost.
struct usage
{
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    std::int64_t total_tokens = 0;
    std::optional<dedalus::completion_tokens_details> completion_tokens_details{};
    std::optional<dedalus::prompt_tokens_details> prompt_tokens_details{};
    std::optional<std::int64_t> reasoning_tokens{};      ///< xAI
    std::optional<std::int64_t> prompt_audio_seconds{};  ///< Mistral
    boost::json::object extra{};

    bool operator==(const usage&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    usage,
    (),
    (prompt_tokens,
     completion_tokens,
     total_tokens,
     completion_tokens_details,
     prompt_tokens_details,
     reasoning_tokens,
     prompt_audio_seconds)
)

/// One of the likeliest tokens at a place.
struct top_logprob
{
    std::string token{};
    double logprob = 0;  ///< -9999.0: outside the reported set
    std::optional<std::vector<std::int64_t>> bytes{};
    boost::json::object extra{};

    bool operator==(const top_logprob&) const = default;
};
BOOST_DESCRIBE_STRUCT(top_logprob, (), (token, logprob, bytes))

/// A token with its likelihood.
struct token_logprob
{
    std::string token{};
    double logprob = 0;  ///< -9999.0: outside the reported set
    std::optional<std::vector<std::int64_t>> bytes{};
    std::vector<top_logprob> top_logprobs{};
    boost::json::object extra{};

    bool operator==(const token_logprob&) const = default;
};
BOOST_DESCRIBE_STRUCT(token_logprob, (), (token, logprob, bytes, top_logprobs))

struct choice_logprobs
{
    std::vector<token_logprob> content{};
    std::vector<token_logprob> refusal{};
    boost::json::object extra{};

    bool operator==(const choice_logprobs&) const = default;
};
BOOST_DESCRIBE_STRUCT(choice_logprobs, (), (content, refusal))

/// One answer of the model.
struct choice
{
    std::int64_t index = 0;
    assistant_message message{};
    std::optional<dedalus::finish_reason> finish_reason{};
    std::optional<choice_logprobs> logprobs{};
    boost::json::object extra{};

    bool operator==(const choice&) const = default;
};
BOOST_DESCRIBE_STRUCT(choice, (), (index, message, finish_reason, logprobs))

/// A whole answer: the body of `POST /v1/chat/completions` without `stream`, or what a stream adds up to.
/// Missing members are tolerated on reading; there may be no choices at all.
struct DEDALUS_EXPORT chat_completion
{
    std::string id{};
    std::string object{};      ///< "chat.completion"
    std::int64_t created = 0;  ///< Unix time in seconds
    std::string model{};       ///< the model that was used
    std::vector<choice> choices{};
    std::optional<dedalus::usage> usage{};
    std::optional<std::string> system_fingerprint{};
    std::optional<dedalus::service_tier> service_tier{};  ///< the tier that was used
    std::vector<std::string> tools_executed{};            ///< names of the tools that the server ran
    std::map<std::string, mcp_server_error, std::less<>> mcp_server_errors{};  ///< by server name
    std::vector<mcp_tool_result> mcp_tool_results{};
    std::optional<std::string> correlation_id{};          ///< id of the handoff session, to be echoed
    std::optional<boost::json::object> server_results{};  ///< call id to result of a finished server call
    std::vector<deferred_call> deferred{};                ///< server calls that wait for client results
    std::vector<pending_call> pending_tools{};            ///< calls for the client to run
    std::optional<std::int64_t> turns_consumed{};         ///< LLM calls made inside this request
    std::optional<boost::json::value> agents_used{};      ///< undocumented

    /// The answer to a request with `deferred: true`: nothing else is there, and client::deferred_completion() fetches
    /// the completion.
    std::optional<std::string> request_id{};
    boost::json::object extra{};

    /// The bytes of `deferred` as received, to be sent back as `deferred_calls`
    /// (chat_completion_request::deferred_calls_raw). Empty when there were none. Not a wire member.
    std::string deferred_raw{};

    /// The bytes of each value of `server_results` as received, by call id. Not a wire member.
    std::map<std::string, std::string, std::less<>> server_results_raw{};

    /// What is known of the HTTP answer. Not a wire member.
    response_info info{};

    /// The text of the first choice; "" when there is none.
    std::string text() const;

    /// The message of the first choice; null when there is no choice.
    const assistant_message* first_message() const;

    bool operator==(const chat_completion&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    chat_completion,
    (),
    (id,
     object,
     created,
     model,
     choices,
     usage,
     system_fingerprint,
     service_tier,
     tools_executed,
     mcp_server_errors,
     mcp_tool_results,
     correlation_id,
     server_results,
     deferred,
     pending_tools,
     turns_consumed,
     agents_used,
     request_id)
)

}  // namespace dedalus
