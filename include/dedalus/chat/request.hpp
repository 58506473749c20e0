#pragma once

#include <dedalus/chat/handoff.hpp>
#include <dedalus/chat/mcp.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/chat/model.hpp>
#include <dedalus/chat/provider_options.hpp>
#include <dedalus/chat/request_options.hpp>
#include <dedalus/chat/response_format.hpp>
#include <dedalus/chat/service_tier.hpp>
#include <dedalus/chat/tool.hpp>
#include <dedalus/chat/tool_choice.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dedalus {

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
    std::optional<dedalus::service_tier> service_tier{};
    std::optional<dedalus::verbosity> verbosity{};
    std::optional<dedalus::reasoning_effort> reasoning_effort{};
    std::vector<modality> modalities{};
    std::optional<audio_options> audio{};
    std::optional<dedalus::prediction> prediction{};
    std::optional<dedalus::response_format> response_format{};
    std::vector<tool> tools{};
    std::optional<dedalus::tool_choice> tool_choice{};
    std::optional<bool> parallel_tool_calls{};
    std::vector<function_definition> functions{};                         ///< deprecated by the API
    std::optional<std::variant<std::string, tool_name>> function_call{};  ///< deprecated by the API
    std::optional<std::string> prompt_cache_key{};
    std::optional<dedalus::prompt_cache_retention> prompt_cache_retention{};
    std::optional<std::string> safety_identifier{};  ///< at most 64 characters
    std::optional<dedalus::web_search_options> web_search_options{};
    std::optional<dedalus::stream_options> stream_options{};  ///< sent with streaming only

    std::optional<dedalus::system_instruction> system_instruction{};  ///< Google
    std::optional<boost::json::object> generation_config{};           ///< Google; its own names: "candidateCount", ...
    std::vector<safety_setting> safety_settings{};                    ///< Google
    std::optional<boost::json::object> tool_config{};                 ///< Google
    std::optional<std::string> cached_content{};                      ///< Google: "cachedContents/{id}"
    std::optional<thinking_config> thinking{};                        ///< Anthropic
    std::optional<dedalus::cache_control> cache_control{};            ///< Anthropic
    std::optional<std::string> container{};                           ///< Anthropic: container to use again
    std::optional<std::string> inference_geo{};                       ///< Anthropic: region
    std::optional<boost::json::object> output_config{};               ///< Anthropic
    std::optional<dedalus::speed> speed{};                            ///< Anthropic
    std::optional<dedalus::search_parameters> search_parameters{};    ///< xAI

    /// xAI: answer with a `request_id` at once; client::deferred_completion() fetches the completion later. Not with
    /// streaming.
    std::optional<bool> deferred{};
    std::optional<dedalus::prompt_mode> prompt_mode{};  ///< Mistral
    std::optional<bool> safe_prompt{};                  ///< Mistral: put a safety prompt in front

    std::optional<mcp_server_selection> mcp_servers{};  ///< servers whose tools the API runs
    std::optional<credential_selection> credentials{};  ///< for `mcp_servers`, by connection name; secrets
    std::optional<bool> automatic_tool_execution{};     ///< false: the server runs no tool, the raw calls come back
    std::optional<std::int64_t> max_turns{};            ///< 1 to 100 model turns inside this request

    /// What each model is good at, 0 to 1, by model: "intelligence", "speed", "cost", "creativity", ...
    std::map<std::string, std::map<std::string, double, std::less<>>, std::less<>> model_attributes{};

    /// What the work needs, 0 to 1: "complexity", "accuracy", "efficiency", ...
    std::map<std::string, double, std::less<>> agent_attributes{};
    std::vector<boost::json::object> guardrails{};        ///< reserved by the API
    std::optional<boost::json::object> handoff_config{};  ///< reserved by the API

    std::optional<bool> handoff_mode{};           ///< true: structured handoff; absent: the server decides
    std::optional<std::string> correlation_id{};  ///< of the last handoff answer
    std::vector<deferred_call> deferred_calls{};  ///< `deferred` of the last handoff answer

    boost::json::object extra{};

    /// When not empty, sent as `deferred_calls` byte for byte, in place of the typed member; take it from
    /// chat_completion::deferred_raw. Must be a JSON array. Not a wire member.
    std::string deferred_calls_raw{};

    /// When not empty, sent as `messages` byte for byte, whatever the dialect, in place of the typed member: for a long
    /// history whose text is known. Must be a JSON array; only its brackets are looked at. Not a wire member.
    std::string messages_raw{};

    bool operator==(const chat_completion_request&) const = default;
};

}  // namespace dedalus
