#pragma once

#include <dedalus/chat/handoff.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/chat/response_format.hpp>
#include <dedalus/chat/tool.hpp>
#include <dedalus/config.hpp>

#include <boost/describe/class.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dedalus {

/// A model with settings: object form of `model`.
struct dedalus_model
{
    std::string model{};
    std::optional<boost::json::object> settings{};  ///< defaults that apply when this entry is selected
    boost::json::object extra{};

    bool operator==(const dedalus_model&) const = default;
};
BOOST_DESCRIBE_STRUCT(dedalus_model, (), (model, settings))

using model_entry = std::variant<std::string, dedalus_model>;

/// `model`: a name, a model with settings, or a list of either, which lets the server route between them.
using model_selection = std::variant<std::string, dedalus_model, std::vector<model_entry>>;

/// `stop`: a sequence, or up to four.
using stop_sequences = std::variant<std::string, std::vector<std::string>>;

/// `stream_options`, only with streaming.
struct stream_options
{
    std::optional<bool> include_usage{};  ///< adds a last chunk with the usage of the whole request
    std::optional<bool> include_obfuscation{};
    boost::json::object extra{};

    bool operator==(const stream_options&) const = default;
};
BOOST_DESCRIBE_STRUCT(stream_options, (), (include_usage, include_obfuscation))

/// A voice by id.
struct voice_id
{
    std::string id{};
    boost::json::object extra{};

    bool operator==(const voice_id&) const = default;
};
BOOST_DESCRIBE_STRUCT(voice_id, (), (id))

/// `audio`: how a spoken answer should sound; needed when `modalities` has "audio".
struct audio_options
{
    std::variant<std::string, voice_id> voice{};
    std::string format{};  ///< "wav", "aac", "mp3", "flac", "opus" or "pcm16"
    boost::json::object extra{};

    bool operator==(const audio_options&) const = default;
};
BOOST_DESCRIBE_STRUCT(audio_options, (), (voice, format))

/// `prediction` of type `content`: text that the answer will mostly repeat.
struct prediction
{
    static constexpr std::string_view type = "content";

    message_content content{};
    boost::json::object extra{};

    bool operator==(const prediction&) const = default;
};
BOOST_DESCRIBE_STRUCT(prediction, (), (content))

/// Where the user is, roughly.
struct approximate_location
{
    std::optional<std::string> city{};
    std::optional<std::string> country{};
    std::optional<std::string> region{};
    std::optional<std::string> timezone{};
    boost::json::object extra{};

    bool operator==(const approximate_location&) const = default;
};
BOOST_DESCRIBE_STRUCT(approximate_location, (), (city, country, region, timezone))

struct user_location
{
    static constexpr std::string_view type = "approximate";

    approximate_location approximate{};
    boost::json::object extra{};

    bool operator==(const user_location&) const = default;
};
BOOST_DESCRIBE_STRUCT(user_location, (), (approximate))

struct web_search_options
{
    std::optional<std::string> search_context_size{};  ///< "low", "medium" or "high"
    std::optional<dedalus::user_location> user_location{};
    boost::json::object extra{};

    bool operator==(const web_search_options&) const = default;
};
BOOST_DESCRIBE_STRUCT(web_search_options, (), (search_context_size, user_location))

/// `reasoning_effort`. Which values a model takes differs.
struct reasoning_effort : open_enum<reasoning_effort>
{
    using open_enum::open_enum;
    static constexpr std::string_view none = "none";
    static constexpr std::string_view minimal = "minimal";
    static constexpr std::string_view low = "low";
    static constexpr std::string_view medium = "medium";
    static constexpr std::string_view high = "high";
    static constexpr std::string_view xhigh = "xhigh";
    static constexpr std::string_view max = "max";
};

/// Body of `POST /v1/chat/completions`. Ranges are the server's to check. An empty optional or list is left out; zero,
/// false and "" are sent; a null is sent through `extra`, and so is any member that has no name here.
/// `stream` is not here: chat_completions() and chat_completions_stream() set it.
struct chat_completion_request
{
    model_selection model{};
    std::vector<message> messages{};
    std::optional<double> temperature{};  ///< 0 to 2
    std::optional<double> top_p{};        ///< 0 to 1
    std::optional<std::int64_t> top_k{};
    std::optional<std::int64_t> n{};  ///< number of choices, 1 to 128
    std::optional<stop_sequences> stop{};
    std::optional<std::int64_t> max_tokens{};                       ///< older name; send one of the two
    std::optional<std::int64_t> max_completion_tokens{};            ///< newer name
    std::optional<double> frequency_penalty{};                      ///< -2 to 2
    std::optional<double> presence_penalty{};                       ///< -2 to 2
    std::map<std::string, std::int64_t, std::less<>> logit_bias{};  ///< token id to -100 ... 100
    std::optional<bool> logprobs{};
    std::optional<std::int64_t> top_logprobs{};  ///< 0 to 20, needs `logprobs`
    std::optional<std::int64_t> seed{};
    std::optional<std::string> user{};
    std::optional<boost::json::object> metadata{};  ///< at most 16 pairs of strings
    std::optional<bool> store{};
    std::optional<std::string> service_tier{};  ///< "auto", "default", "flex", "scale", "priority"
    std::optional<std::string> verbosity{};     ///< "low", "medium", "high"
    std::optional<dedalus::reasoning_effort> reasoning_effort{};
    std::vector<std::string> modalities{};  ///< "text", "audio"
    std::optional<audio_options> audio{};
    std::optional<dedalus::prediction> prediction{};
    std::optional<dedalus::response_format> response_format{};
    std::vector<tool> tools{};
    std::optional<dedalus::tool_choice> tool_choice{};
    std::optional<bool> parallel_tool_calls{};
    std::vector<function_definition> functions{};                         ///< deprecated by the API
    std::optional<std::variant<std::string, tool_name>> function_call{};  ///< deprecated by the API
    std::optional<std::string> prompt_cache_key{};
    std::optional<std::string> prompt_cache_retention{};  ///< "24h", "in_memory"
    std::optional<std::string> safety_identifier{};       ///< at most 64 characters
    std::optional<dedalus::web_search_options> web_search_options{};
    std::optional<dedalus::stream_options> stream_options{};  ///< sent with streaming only

    std::optional<std::variant<std::string, mcp_server_spec, std::vector<mcp_server>>> mcp_servers{};
    std::optional<bool> automatic_tool_execution{};  ///< false: the server runs no tool, the raw calls come back
    std::optional<std::int64_t> max_turns{};         ///< 1 to 100 model turns inside this request
    std::optional<bool> handoff_mode{};              ///< true: structured handoff; absent: the server decides
    std::optional<std::string> correlation_id{};     ///< of the last handoff answer
    std::vector<deferred_call> deferred_calls{};     ///< `deferred` of the last handoff answer

    boost::json::object extra{};

    /// When not empty, sent as `deferred_calls` byte for byte, in place of the typed member; take it from
    /// chat_completion::deferred_raw. Must be a JSON array. Not a wire member.
    std::string deferred_calls_raw{};

    bool operator==(const chat_completion_request&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    chat_completion_request,
    (),
    (model,
     messages,
     temperature,
     top_p,
     top_k,
     n,
     stop,
     max_tokens,
     max_completion_tokens,
     frequency_penalty,
     presence_penalty,
     logit_bias,
     logprobs,
     top_logprobs,
     seed,
     user,
     metadata,
     store,
     service_tier,
     verbosity,
     reasoning_effort,
     modalities,
     audio,
     prediction,
     response_format,
     tools,
     tool_choice,
     parallel_tool_calls,
     functions,
     function_call,
     prompt_cache_key,
     prompt_cache_retention,
     safety_identifier,
     web_search_options,
     stream_options,
     mcp_servers,
     automatic_tool_execution,
     max_turns,
     handoff_mode,
     correlation_id,
     deferred_calls)
)

}  // namespace dedalus
