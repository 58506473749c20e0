#pragma once

#include <dedalus/chat/content.hpp>
#include <dedalus/open_enum.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dedalus {

/// Kind of output. The default of a model is text alone.
struct modality : open_enum<modality>
{
    using open_enum::open_enum;
    static constexpr std::string_view text = "text";
    static constexpr std::string_view audio = "audio";
};

/// `verbosity`: how much the model writes.
struct verbosity : open_enum<verbosity>
{
    using open_enum::open_enum;
    static constexpr std::string_view low = "low";
    static constexpr std::string_view medium = "medium";  ///< the default
    static constexpr std::string_view high = "high";
};

/// `prompt_cache_retention` (OpenAI): how long a cached prompt is kept.
struct prompt_cache_retention : open_enum<prompt_cache_retention>
{
    using open_enum::open_enum;
    static constexpr std::string_view one_day = "24h";
    static constexpr std::string_view in_memory = "in_memory";
};

/// `stream_options`, only with streaming.
struct stream_options
{
    std::optional<bool> include_usage{};        ///< adds a last chunk with the usage of the whole request
    std::optional<bool> include_obfuscation{};  ///< random padding in the chunks
    boost::json::object extra{};

    bool operator==(const stream_options&) const = default;
};

/// A voice by id.
struct voice_id
{
    std::string id{};
    boost::json::object extra{};

    bool operator==(const voice_id&) const = default;
};

/// Format of a spoken answer.
struct audio_format : open_enum<audio_format>
{
    using open_enum::open_enum;
    static constexpr std::string_view wav = "wav";
    static constexpr std::string_view aac = "aac";
    static constexpr std::string_view mp3 = "mp3";
    static constexpr std::string_view flac = "flac";
    static constexpr std::string_view opus = "opus";
    static constexpr std::string_view pcm16 = "pcm16";
};

/// `audio`: how a spoken answer should sound; needed when `modalities` has "audio".
struct audio_options
{
    std::variant<std::string, voice_id> voice{};  ///< "alloy", "ash", "ballad", "coral", "echo", "sage", ... or an id
    audio_format format{};
    boost::json::object extra{};

    bool operator==(const audio_options&) const = default;
};

/// `prediction` of type `content`: text that the answer will mostly repeat.
struct prediction
{
    static constexpr std::string_view type = "content";

    message_content content{};
    boost::json::object extra{};

    bool operator==(const prediction&) const = default;
};

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

/// `user_location` of a search, type `approximate`.
struct user_location
{
    static constexpr std::string_view type = "approximate";

    approximate_location approximate{};
    boost::json::object extra{};

    bool operator==(const user_location&) const = default;
};

/// How much of what a search finds is given to the model.
struct search_context_size : open_enum<search_context_size>
{
    using open_enum::open_enum;
    static constexpr std::string_view low = "low";
    static constexpr std::string_view medium = "medium";  ///< the default
    static constexpr std::string_view high = "high";
};

/// `web_search_options` (OpenAI).
struct web_search_options
{
    std::optional<dedalus::search_context_size> search_context_size{};
    std::optional<dedalus::user_location> user_location{};
    boost::json::object extra{};

    bool operator==(const web_search_options&) const = default;
};

}  // namespace dedalus
