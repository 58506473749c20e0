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

/// What a function tool is: `tools[].function`, and the items of the deprecated `functions`.
struct function_definition
{
    std::string name{};  ///< letters, digits, `_` and `-`, at most 64
    std::optional<std::string> description{};
    std::optional<boost::json::object> parameters{};  ///< JSON Schema of the arguments; absent: none
    std::optional<bool> strict{};
    boost::json::object extra{};

    bool operator==(const function_definition&) const = default;
};

/// Tool of type `function`.
struct function_tool
{
    static constexpr std::string_view type = "function";
    static constexpr bool type_optional = true;  // an absent `type` means `function`

    function_definition function{};
    boost::json::object extra{};

    bool operator==(const function_tool&) const = default;
};

/// Input of a custom tool of type `text`: free text, the default.
struct custom_format_text
{
    static constexpr std::string_view type = "text";

    boost::json::object extra{};

    bool operator==(const custom_format_text&) const = default;
};

/// Language that a grammar is written in.
struct grammar_syntax : open_enum<grammar_syntax>
{
    using open_enum::open_enum;
    static constexpr std::string_view lark = "lark";
    static constexpr std::string_view regex = "regex";
};

/// What the input of a custom tool must match.
struct custom_grammar
{
    std::string definition{};
    grammar_syntax syntax{};
    boost::json::object extra{};

    bool operator==(const custom_grammar&) const = default;
};

/// Input of a custom tool of type `grammar`.
struct custom_format_grammar
{
    static constexpr std::string_view type = "grammar";

    custom_grammar grammar{};
    boost::json::object extra{};

    bool operator==(const custom_format_grammar&) const = default;
};

/// `format` of a custom tool.
using custom_format = std::variant<custom_format_text, custom_format_grammar, boost::json::object>;

/// What a custom tool is: `tools[].custom`.
struct custom_definition
{
    std::string name{};
    std::optional<std::string> description{};
    std::optional<custom_format> format{};  ///< absent: free text
    boost::json::object extra{};

    bool operator==(const custom_definition&) const = default;
};

/// Tool of type `custom`.
struct custom_tool
{
    static constexpr std::string_view type = "custom";

    custom_definition custom{};
    boost::json::object extra{};

    bool operator==(const custom_tool&) const = default;
};

using tool = std::variant<function_tool, custom_tool, boost::json::object>;

/// Name and arguments of a called function.
struct function_call
{
    std::string name{};
    std::string arguments{};  ///< JSON as text, as the model wrote it: it may be invalid or empty. An object on the
                              ///< wire is read as its text.
    boost::json::object extra{};

    bool operator==(const function_call&) const = default;
};

/// Tool call of type `function`.
struct function_tool_call
{
    static constexpr std::string_view type = "function";
    static constexpr bool type_optional = true;  // an absent `type` means `function`

    std::string id{};
    function_call function{};
    std::optional<std::string> thought_signature{};  ///< opaque; must go back unchanged
    std::vector<std::string> dependencies{};         ///< undocumented: ids of the calls that come first
    std::optional<std::int64_t> index{};             ///< Mistral, answers only
    boost::json::object extra{};

    bool operator==(const function_tool_call&) const = default;
};

/// Name and input of a called custom tool.
struct custom_call
{
    std::string name{};
    std::string input{};
    boost::json::object extra{};

    bool operator==(const custom_call&) const = default;
};

/// Tool call of type `custom`.
struct custom_tool_call
{
    static constexpr std::string_view type = "custom";

    std::string id{};
    custom_call custom{};
    boost::json::object extra{};

    bool operator==(const custom_tool_call&) const = default;
};

using tool_call = std::variant<function_tool_call, custom_tool_call, boost::json::object>;

}  // namespace dedalus
