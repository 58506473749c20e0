#pragma once

#include <dedalus/chat/content.hpp>
#include <dedalus/chat/tool.hpp>
#include <dedalus/config.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dedalus {

struct developer_message
{
    static constexpr std::string_view role = "developer";

    message_content content{};  ///< text, or text parts
    std::optional<std::string> name{};
    boost::json::object extra{};

    bool operator==(const developer_message&) const = default;
};

struct system_message
{
    static constexpr std::string_view role = "system";

    message_content content{};  ///< text, or text parts
    std::optional<std::string> name{};
    boost::json::object extra{};

    bool operator==(const system_message&) const = default;
};

struct user_message
{
    static constexpr std::string_view role = "user";

    message_content content{};  ///< text, or text, image, audio and file parts
    std::optional<std::string> name{};
    boost::json::object extra{};

    bool operator==(const user_message&) const = default;
};

/// Sound of an answer. In a request only `id` is sent, to refer to a former answer.
struct answer_audio
{
    std::string id{};
    std::optional<std::int64_t> expires_at{};  ///< Unix time in seconds
    std::optional<std::string> data{};         ///< base64
    std::optional<std::string> transcript{};
    boost::json::object extra{};

    bool operator==(const answer_audio&) const = default;
};

/// What an annotation of type `url_citation` points at.
struct url_citation
{
    std::int64_t start_index = 0;
    std::int64_t end_index = 0;
    std::string url{};
    std::string title{};
    boost::json::object extra{};

    bool operator==(const url_citation&) const = default;
};

/// A note on the text of an answer.
struct annotation
{
    std::string type{};  ///< "url_citation"
    std::optional<dedalus::url_citation> url_citation{};
    boost::json::object extra{};

    bool operator==(const annotation&) const = default;
};

/// The message of an answer, and its place in the history of the next request. A role other than "assistant" that a
/// server may send is kept in `extra`.
struct DEDALUS_EXPORT assistant_message
{
    static constexpr std::string_view role = "assistant";

    std::optional<message_content> content{};  ///< empty with tool calls
    std::optional<std::string> refusal{};
    std::optional<std::string> name{};
    std::vector<tool_call> tool_calls{};
    std::optional<dedalus::function_call> function_call{};  ///< deprecated by the API
    std::optional<answer_audio> audio{};
    std::vector<annotation> annotations{};           ///< answers only
    std::optional<std::string> reasoning_content{};  ///< some providers; must go back unchanged
    std::optional<bool> prefix{};                    ///< Mistral, requests only: the answer begins with `content`
    boost::json::object extra{};

    /// The text of `content`; text parts are joined. "" when there is none.
    std::string text() const;

    /// The message as the next request should carry it: without the members that only an answer has (annotations,
    /// the data of `audio`, nulls); everything that providers want back is kept. Only an empty `content` is an
    /// explicit null.
    assistant_message for_request() const;

    bool operator==(const assistant_message&) const = default;
};

/// The result of a tool call.
struct tool_message
{
    static constexpr std::string_view role = "tool";

    message_content content{};          ///< text, or text parts
    std::string tool_call_id{};         ///< `id` of the call
    std::optional<std::string> name{};  ///< Mistral: name of the function
    boost::json::object extra{};

    bool operator==(const tool_message&) const = default;
};

/// Deprecated by the API: the result of a `function_call`.
struct function_message
{
    static constexpr std::string_view role = "function";

    std::optional<std::string> content{};
    std::string name{};
    boost::json::object extra{};

    bool operator==(const function_message&) const = default;
};

/// One message of a conversation; a role that this version does not know stays JSON.
using message = std::variant<
    developer_message,
    system_message,
    user_message,
    assistant_message,
    tool_message,
    function_message,
    boost::json::object>;

}  // namespace dedalus
