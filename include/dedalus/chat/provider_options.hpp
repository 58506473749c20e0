#pragma once

#include <dedalus/open_enum.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dedalus {

/// `thinking` of type `enabled`: the model thinks before it answers.
struct thinking_enabled
{
    static constexpr std::string_view type = "enabled";

    std::int64_t budget_tokens = 1024;  ///< at least 1024, and less than `max_tokens`
    boost::json::object extra{};

    bool operator==(const thinking_enabled&) const = default;
};

/// `thinking` of type `disabled`.
struct thinking_disabled
{
    static constexpr std::string_view type = "disabled";

    boost::json::object extra{};

    bool operator==(const thinking_disabled&) const = default;
};

/// `thinking` of type `adaptive`: the model decides how much it thinks.
struct thinking_adaptive
{
    static constexpr std::string_view type = "adaptive";

    boost::json::object extra{};

    bool operator==(const thinking_adaptive&) const = default;
};

/// `thinking` (Anthropic).
using thinking_config = std::variant<thinking_enabled, thinking_disabled, thinking_adaptive, boost::json::object>;

/// `ttl` of cache_control.
struct cache_ttl : open_enum<cache_ttl>
{
    using open_enum::open_enum;
    static constexpr std::string_view five_minutes = "5m";  ///< the default
    static constexpr std::string_view one_hour = "1h";
};

/// `cache_control` of type `ephemeral` (Anthropic): marks the last block of the request that can be cached.
struct cache_control
{
    static constexpr std::string_view type = "ephemeral";

    std::optional<cache_ttl> ttl{};
    boost::json::object extra{};

    bool operator==(const cache_control&) const = default;
};

/// `category` of a safety setting (Google). The API has had two families of names; servers differ in which they take.
struct harm_category : open_enum<harm_category>
{
    using open_enum::open_enum;
    static constexpr std::string_view sexually_explicit = "SEXUALLY_EXPLICIT";  ///< newer family
    static constexpr std::string_view dangerous_content = "DANGEROUS_CONTENT";  ///< newer family

    static constexpr std::string_view harm_category_unspecified = "HARM_CATEGORY_UNSPECIFIED";
    static constexpr std::string_view harm_category_derogatory = "HARM_CATEGORY_DEROGATORY";
    static constexpr std::string_view harm_category_toxicity = "HARM_CATEGORY_TOXICITY";
    static constexpr std::string_view harm_category_violence = "HARM_CATEGORY_VIOLENCE";
    static constexpr std::string_view harm_category_sexual = "HARM_CATEGORY_SEXUAL";
    static constexpr std::string_view harm_category_medical = "HARM_CATEGORY_MEDICAL";
    static constexpr std::string_view harm_category_dangerous = "HARM_CATEGORY_DANGEROUS";
    static constexpr std::string_view harm_category_harassment = "HARM_CATEGORY_HARASSMENT";
    static constexpr std::string_view harm_category_hate_speech = "HARM_CATEGORY_HATE_SPEECH";
    static constexpr std::string_view harm_category_sexually_explicit = "HARM_CATEGORY_SEXUALLY_EXPLICIT";
    static constexpr std::string_view harm_category_dangerous_content = "HARM_CATEGORY_DANGEROUS_CONTENT";
    static constexpr std::string_view harm_category_civic_integrity = "HARM_CATEGORY_CIVIC_INTEGRITY";
};

/// `threshold` of a safety setting (Google), of both families.
struct harm_block_threshold : open_enum<harm_block_threshold>
{
    using open_enum::open_enum;
    static constexpr std::string_view block_unset = "BLOCK_UNSET";                    ///< newer family
    static constexpr std::string_view block_low_threshold = "BLOCK_LOW_THRESHOLD";    ///< newer family
    static constexpr std::string_view block_high_threshold = "BLOCK_HIGH_THRESHOLD";  ///< newer family

    static constexpr std::string_view harm_block_threshold_unspecified = "HARM_BLOCK_THRESHOLD_UNSPECIFIED";
    static constexpr std::string_view block_low_and_above = "BLOCK_LOW_AND_ABOVE";
    static constexpr std::string_view block_medium_and_above = "BLOCK_MEDIUM_AND_ABOVE";
    static constexpr std::string_view block_only_high = "BLOCK_ONLY_HIGH";
    static constexpr std::string_view block_none = "BLOCK_NONE";
    static constexpr std::string_view off = "OFF";
};

/// Element of `safety_settings` (Google).
struct safety_setting
{
    harm_category category{};
    harm_block_threshold threshold{};
    boost::json::object extra{};

    bool operator==(const safety_setting&) const = default;
};

/// `mode` of search_parameters.
struct search_mode : open_enum<search_mode>
{
    using open_enum::open_enum;
    static constexpr std::string_view off = "off";
    static constexpr std::string_view auto_ = "auto";
    static constexpr std::string_view on = "on";
};

/// Where a search looks. What else a source takes goes into `extra`.
struct search_source
{
    std::string type{};  ///< "web", "x", "news" or "rss"
    boost::json::object extra{};

    bool operator==(const search_source&) const = default;
};

/// `search_parameters` (xAI): live search. Absent: no search.
struct search_parameters
{
    std::optional<search_mode> mode{};
    std::optional<bool> return_citations{};
    std::optional<std::string> from_date{};  ///< YYYY-MM-DD
    std::optional<std::string> to_date{};    ///< YYYY-MM-DD
    std::optional<std::int64_t> max_search_results{};
    std::vector<search_source> sources{};
    boost::json::object extra{};

    bool operator==(const search_parameters&) const = default;
};

/// `speed` (Anthropic). Newer versions of the API no longer name it.
struct speed : open_enum<speed>
{
    using open_enum::open_enum;
    static constexpr std::string_view standard = "standard";
    static constexpr std::string_view fast = "fast";
};

/// `prompt_mode` (Mistral).
struct prompt_mode : open_enum<prompt_mode>
{
    using open_enum::open_enum;
    static constexpr std::string_view reasoning = "reasoning";
};

/// `system_instruction` (Google): a system prompt as text or in Google's own form.
using system_instruction = std::variant<std::string, boost::json::object>;

}  // namespace dedalus
