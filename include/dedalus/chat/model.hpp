#pragma once

#include <dedalus/chat/provider_options.hpp>
#include <dedalus/chat/request_options.hpp>
#include <dedalus/chat/response_format.hpp>
#include <dedalus/chat/service_tier.hpp>
#include <dedalus/chat/tool_choice.hpp>
#include <dedalus/open_enum.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dedalus {

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

/// `summary` of what the model thought.
struct reasoning_summary : open_enum<reasoning_summary>
{
    using open_enum::open_enum;
    static constexpr std::string_view auto_ = "auto";
    static constexpr std::string_view concise = "concise";
    static constexpr std::string_view detailed = "detailed";
};

/// `reasoning` of model_settings.
struct reasoning
{
    std::optional<reasoning_effort> effort{};
    std::optional<reasoning_summary> summary{};
    std::optional<reasoning_summary> generate_summary{};  ///< older name of `summary`
    boost::json::object extra{};

    bool operator==(const reasoning&) const = default;
};

/// `truncation` of a conversation that does not fit.
struct truncation : open_enum<truncation>
{
    using open_enum::open_enum;
    static constexpr std::string_view auto_ = "auto";
    static constexpr std::string_view disabled = "disabled";
};

/// `stop`: a sequence, or up to four.
using stop_sequences = std::variant<std::string, std::vector<std::string>>;

/// Settings of one model of a request: defaults that apply when this model is selected. Members mean what those of
/// the same name in chat_completion_request mean.
struct model_settings
{
    std::optional<double> temperature{};
    std::optional<double> top_p{};
    std::optional<std::int64_t> top_k{};
    std::optional<double> frequency_penalty{};
    std::optional<double> presence_penalty{};
    std::optional<std::int64_t> seed{};
    std::optional<std::int64_t> n{};
    std::optional<stop_sequences> stop{};
    std::map<std::string, std::int64_t, std::less<>> logit_bias{};
    std::optional<bool> logprobs{};
    std::optional<std::int64_t> top_logprobs{};

    std::optional<std::int64_t> max_tokens{};
    std::optional<std::int64_t> max_completion_tokens{};
    std::optional<dedalus::truncation> truncation{};

    std::optional<dedalus::reasoning> reasoning{};
    std::optional<dedalus::reasoning_effort> reasoning_effort{};
    std::optional<dedalus::verbosity> verbosity{};
    std::optional<thinking_config> thinking{};

    std::optional<dedalus::tool_choice> tool_choice{};
    std::optional<bool> parallel_tool_calls{};
    std::optional<boost::json::object> tool_config{};

    std::optional<dedalus::response_format> response_format{};
    std::optional<boost::json::value> structured_output{};
    std::vector<modality> modalities{};
    std::optional<audio_options> audio{};
    std::optional<std::string> voice{};
    std::optional<std::string> input_audio_format{};
    std::optional<std::string> output_audio_format{};
    std::optional<boost::json::object> input_audio_transcription{};
    std::optional<boost::json::object> turn_detection{};
    std::optional<dedalus::prediction> prediction{};

    std::optional<bool> stream{};
    std::optional<dedalus::stream_options> stream_options{};
    std::optional<bool> include_usage{};
    std::optional<dedalus::service_tier> service_tier{};
    std::optional<double> timeout{};
    std::optional<bool> store{};
    std::optional<bool> deferred{};

    std::optional<std::string> user{};
    std::map<std::string, std::string, std::less<>> metadata{};
    std::optional<std::string> prompt_cache_key{};
    std::optional<std::string> safety_identifier{};

    std::optional<dedalus::system_instruction> system_instruction{};
    std::optional<boost::json::object> generation_config{};
    std::vector<safety_setting> safety_settings{};
    std::optional<dedalus::search_parameters> search_parameters{};
    std::optional<dedalus::web_search_options> web_search_options{};

    std::map<std::string, std::string, std::less<>> extra_headers{};
    std::optional<boost::json::object> extra_query{};
    std::optional<boost::json::object> extra_args{};
    std::optional<boost::json::object> attributes{};
    boost::json::object extra{};

    bool operator==(const model_settings&) const = default;
};

/// A model with settings: object form of `model`.
struct dedalus_model
{
    std::string model{};  ///< "provider/model-name"
    std::optional<model_settings> settings{};
    boost::json::object extra{};

    bool operator==(const dedalus_model&) const = default;
};

using model_entry = std::variant<std::string, dedalus_model>;

/// `model`: a name, a model with settings, or a list of either, which lets the server route between them.
using model_selection = std::variant<std::string, dedalus_model, std::vector<model_entry>>;

}  // namespace dedalus
