#pragma once

#include <dedalus/open_enum.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dedalus {

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

/// `{"type":"any"}`: at least one tool.
struct tool_choice_any
{
    static constexpr std::string_view type = "any";

    std::optional<bool> disable_parallel_tool_use{};
    boost::json::object extra{};

    bool operator==(const tool_choice_any&) const = default;
};

/// `{"type":"tool","name":...}`: that tool.
struct tool_choice_tool
{
    static constexpr std::string_view type = "tool";

    std::string name{};
    std::optional<bool> disable_parallel_tool_use{};
    boost::json::object extra{};

    bool operator==(const tool_choice_tool&) const = default;
};

/// `{"type":"none"}`: no tool.
struct tool_choice_none
{
    static constexpr std::string_view type = "none";

    boost::json::object extra{};

    bool operator==(const tool_choice_none&) const = default;
};

/// A tool by name.
struct tool_name
{
    std::string name{};
    boost::json::object extra{};

    bool operator==(const tool_name&) const = default;
};

/// `{"type":"function","function":{"name":...}}`: that function (OpenAI's form).
struct tool_choice_function
{
    static constexpr std::string_view type = "function";

    tool_name function{};
    boost::json::object extra{};

    bool operator==(const tool_choice_function&) const = default;
};

/// `{"type":"custom","custom":{"name":...}}`: that custom tool (OpenAI's form).
struct tool_choice_custom
{
    static constexpr std::string_view type = "custom";

    tool_name custom{};
    boost::json::object extra{};

    bool operator==(const tool_choice_custom&) const = default;
};

/// The set that `allowed_tools` restricts the choice to.
struct allowed_tools
{
    std::string mode{};                        ///< "auto" or "required"
    std::vector<boost::json::object> tools{};  ///< each like {"type":"function","function":{"name":...}}
    boost::json::object extra{};

    bool operator==(const allowed_tools&) const = default;
};

/// `{"type":"allowed_tools",...}` (OpenAI's form).
struct tool_choice_allowed_tools
{
    static constexpr std::string_view type = "allowed_tools";

    dedalus::allowed_tools allowed_tools{};
    boost::json::object extra{};

    bool operator==(const tool_choice_allowed_tools&) const = default;
};

/// One tool of an MCP server; only in the settings of a model (model_settings).
struct tool_choice_mcp
{
    static constexpr std::string_view distinctive_member = "server_label";

    std::string server_label{};
    std::string name{};
    boost::json::object extra{};

    bool operator==(const tool_choice_mcp&) const = default;
};

/// `tool_choice`: absent means `auto`. Servers differ in which form they take: the objects `auto`, `any`, `tool` and
/// `none` are Dedalus' own, the words and `function` are OpenAI's. Any of them may be given here:
/// client_options::dialect says in which form it is sent.
using tool_choice = std::variant<
    tool_choice_mode,
    tool_choice_auto,
    tool_choice_any,
    tool_choice_tool,
    tool_choice_none,
    tool_choice_function,
    tool_choice_custom,
    tool_choice_allowed_tools,
    tool_choice_mcp,
    boost::json::object>;

}  // namespace dedalus
