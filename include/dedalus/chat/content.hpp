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

// Rules of all wire types (docs/architecture.md, "Wire types"):
// - members are named as on the wire; `extra` holds what the type does not know, in both directions;
// - an empty optional, vector or map is left out; an explicit null, or an explicit empty list, is kept in `extra`
//   under the member's name, and is written as long as the member itself is empty; structs with `nulls` note nulls of
//   their members there;
// - a member of `extra` with any other value wins over the typed member of the same name.

/// `detail` of an image.
struct image_detail : open_enum<image_detail>
{
    using open_enum::open_enum;
    static constexpr std::string_view auto_ = "auto";
    static constexpr std::string_view low = "low";
    static constexpr std::string_view high = "high";
};

/// Content part `text`.
struct text_part
{
    static constexpr std::string_view type = "text";

    std::string text{};
    boost::json::object extra{};

    bool operator==(const text_part&) const = default;
};

/// Where an image is: an http(s) URL or a `data:` URI.
struct image_url
{
    std::string url{};
    std::optional<image_detail> detail{};
    boost::json::object extra{};

    bool operator==(const image_url&) const = default;
};

/// Content part `image_url`, user messages only.
struct image_part
{
    static constexpr std::string_view type = "image_url";

    dedalus::image_url image_url{};
    boost::json::object extra{};

    bool operator==(const image_part&) const = default;
};

/// Format of the sound given to the model.
struct input_audio_format : open_enum<input_audio_format>
{
    using open_enum::open_enum;
    static constexpr std::string_view wav = "wav";
    static constexpr std::string_view mp3 = "mp3";
};

/// Sound given to the model.
struct input_audio
{
    std::string data{};  ///< base64; Mistral also takes a URL
    input_audio_format format{};
    boost::json::object extra{};

    bool operator==(const input_audio&) const = default;
};

/// Content part `input_audio`, user messages only.
struct audio_part
{
    static constexpr std::string_view type = "input_audio";

    dedalus::input_audio input_audio{};
    boost::json::object extra{};

    bool operator==(const audio_part&) const = default;
};

/// A file given to the model: `file_data` (base64) or `file_id`.
struct input_file
{
    std::optional<std::string> filename{};
    std::optional<std::string> file_data{};
    std::optional<std::string> file_id{};
    boost::json::object extra{};

    bool operator==(const input_file&) const = default;
};

/// Content part `file`, user messages only.
struct file_part
{
    static constexpr std::string_view type = "file";

    input_file file{};
    std::optional<std::string> file_id{};  ///< Mistral's place for the id, instead of `file`
    boost::json::object extra{};

    bool operator==(const file_part&) const = default;
};

/// Content part `refusal`, assistant messages only.
struct refusal_part
{
    static constexpr std::string_view type = "refusal";

    std::string refusal{};
    boost::json::object extra{};

    bool operator==(const refusal_part&) const = default;
};

/// Content part `document_url` (Mistral): a document to read.
struct document_url_part
{
    static constexpr std::string_view type = "document_url";

    std::string document_url{};
    std::optional<std::string> document_name{};
    boost::json::object extra{};

    bool operator==(const document_url_part&) const = default;
};

/// Content part `reference` (Mistral): sources of the text around it.
struct reference_part
{
    static constexpr std::string_view type = "reference";

    std::vector<std::int64_t> reference_ids{};
    boost::json::object extra{};

    bool operator==(const reference_part&) const = default;
};

/// A part of a thought.
using thought_part = std::variant<text_part, reference_part, boost::json::object>;

/// Content part `thinking` (Mistral): what the model thought; in answers, system and assistant messages.
struct thinking_part
{
    static constexpr std::string_view type = "thinking";

    std::vector<thought_part> thinking{};
    std::optional<bool> closed{};  ///< absent: true
    boost::json::object extra{};

    bool operator==(const thinking_part&) const = default;
};

/// One part of a content list; a part of a type that this version does not know stays JSON.
using content_part = std::variant<
    text_part,
    image_part,
    audio_part,
    file_part,
    refusal_part,
    document_url_part,
    reference_part,
    thinking_part,
    boost::json::object>;

/// Content of a message: a plain string or a list of parts.
using message_content = std::variant<std::string, std::vector<content_part>>;

}  // namespace dedalus
