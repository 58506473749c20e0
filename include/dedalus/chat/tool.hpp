#pragma once

#include <dedalus/open_enum.hpp>

#include <boost/describe/class.hpp>
#include <boost/json/object.hpp>

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
BOOST_DESCRIBE_STRUCT(function_definition, (), (name, description, parameters, strict))

/// Tool of type `function`.
struct function_tool
{
    static constexpr std::string_view type = "function";
    static constexpr bool type_optional = true;  // an absent `type` means `function`

    function_definition function{};
    boost::json::object extra{};

    bool operator==(const function_tool&) const = default;
};
BOOST_DESCRIBE_STRUCT(function_tool, (), (function))

/// What a custom tool is: `tools[].custom`.
struct custom_definition
{
    std::string name{};
    std::optional<std::string> description{};
    std::optional<boost::json::object> format{};  ///< {"type":"text"} or {"type":"grammar","grammar":{...}}
    boost::json::object extra{};

    bool operator==(const custom_definition&) const = default;
};
BOOST_DESCRIBE_STRUCT(custom_definition, (), (name, description, format))

/// Tool of type `custom`.
struct custom_tool
{
    static constexpr std::string_view type = "custom";

    custom_definition custom{};
    boost::json::object extra{};

    bool operator==(const custom_tool&) const = default;
};
BOOST_DESCRIBE_STRUCT(custom_tool, (), (custom))

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
BOOST_DESCRIBE_STRUCT(function_call, (), (name, arguments))

/// Tool call of type `function`.
struct function_tool_call
{
    static constexpr std::string_view type = "function";
    static constexpr bool type_optional = true;  // an absent `type` means `function`

    std::string id{};
    function_call function{};
    std::optional<std::string> thought_signature{};  ///< opaque; must go back unchanged
    boost::json::object extra{};

    bool operator==(const function_tool_call&) const = default;
};
BOOST_DESCRIBE_STRUCT(function_tool_call, (), (id, function, thought_signature))

/// Name and input of a called custom tool.
struct custom_call
{
    std::string name{};
    std::string input{};
    boost::json::object extra{};

    bool operator==(const custom_call&) const = default;
};
BOOST_DESCRIBE_STRUCT(custom_call, (), (name, input))

/// Tool call of type `custom`.
struct custom_tool_call
{
    static constexpr std::string_view type = "custom";

    std::string id{};
    custom_call custom{};
    boost::json::object extra{};

    bool operator==(const custom_tool_call&) const = default;
};
BOOST_DESCRIBE_STRUCT(custom_tool_call, (), (id, custom))

using tool_call = std::variant<function_tool_call, custom_tool_call, boost::json::object>;

/// `tool_choice` as a word.
struct tool_choice_mode : open_enum<tool_choice_mode>
{
    using open_enum::open_enum;
    static constexpr std::string_view auto_ = "auto";
    static constexpr std::string_view none = "none";
    static constexpr std::string_view required = "required";
    static constexpr std::string_view any = "any";  ///< Mistral's word for `required`
};

/// `{"type":"auto"}`: the model decides.
struct tool_choice_auto
{
    static constexpr std::string_view type = "auto";

    std::optional<bool> disable_parallel_tool_use{};
    boost::json::object extra{};

    bool operator==(const tool_choice_auto&) const = default;
};
BOOST_DESCRIBE_STRUCT(tool_choice_auto, (), (disable_parallel_tool_use))

/// `{"type":"any"}`: at least one tool.
struct tool_choice_any
{
    static constexpr std::string_view type = "any";

    std::optional<bool> disable_parallel_tool_use{};
    boost::json::object extra{};

    bool operator==(const tool_choice_any&) const = default;
};
BOOST_DESCRIBE_STRUCT(tool_choice_any, (), (disable_parallel_tool_use))

/// `{"type":"tool","name":...}`: that tool.
struct tool_choice_tool
{
    static constexpr std::string_view type = "tool";

    std::string name{};
    std::optional<bool> disable_parallel_tool_use{};
    boost::json::object extra{};

    bool operator==(const tool_choice_tool&) const = default;
};
BOOST_DESCRIBE_STRUCT(tool_choice_tool, (), (name, disable_parallel_tool_use))

/// `{"type":"none"}`: no tool.
struct tool_choice_none
{
    static constexpr std::string_view type = "none";

    boost::json::object extra{};

    bool operator==(const tool_choice_none&) const = default;
};
BOOST_DESCRIBE_STRUCT(tool_choice_none, (), ())

/// A tool by name.
struct tool_name
{
    std::string name{};
    boost::json::object extra{};

    bool operator==(const tool_name&) const = default;
};
BOOST_DESCRIBE_STRUCT(tool_name, (), (name))

/// `{"type":"function","function":{"name":...}}`: that function (OpenAI's form).
struct tool_choice_function
{
    static constexpr std::string_view type = "function";

    tool_name function{};
    boost::json::object extra{};

    bool operator==(const tool_choice_function&) const = default;
};
BOOST_DESCRIBE_STRUCT(tool_choice_function, (), (function))

/// `{"type":"custom","custom":{"name":...}}`: that custom tool (OpenAI's form).
struct tool_choice_custom
{
    static constexpr std::string_view type = "custom";

    tool_name custom{};
    boost::json::object extra{};

    bool operator==(const tool_choice_custom&) const = default;
};
BOOST_DESCRIBE_STRUCT(tool_choice_custom, (), (custom))

/// The set that `allowed_tools` restricts the choice to.
struct allowed_tools
{
    std::string mode{};                        ///< "auto" or "required"
    std::vector<boost::json::object> tools{};  ///< each like {"type":"function","function":{"name":...}}
    boost::json::object extra{};

    bool operator==(const allowed_tools&) const = default;
};
BOOST_DESCRIBE_STRUCT(allowed_tools, (), (mode, tools))

/// `{"type":"allowed_tools",...}` (OpenAI's form).
struct tool_choice_allowed_tools
{
    static constexpr std::string_view type = "allowed_tools";

    dedalus::allowed_tools allowed_tools{};
    boost::json::object extra{};

    bool operator==(const tool_choice_allowed_tools&) const = default;
};
BOOST_DESCRIBE_STRUCT(tool_choice_allowed_tools, (), (allowed_tools))

/// `tool_choice`: absent means `auto`. Servers differ in which form they take: the objects `auto`, `any`, `tool` and
/// `none` are Dedalus' own, the words and `function` are OpenAI's.
using tool_choice = std::variant<
    tool_choice_mode,
    tool_choice_auto,
    tool_choice_any,
    tool_choice_tool,
    tool_choice_none,
    tool_choice_function,
    tool_choice_custom,
    tool_choice_allowed_tools,
    boost::json::object>;

}  // namespace dedalus
