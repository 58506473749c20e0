#include "handoff/forced_tool.hpp"

#include <variant>

namespace dedalus::handoff_core {

namespace {

struct forced_name
{
    bool forced = false;
    std::string_view name{};  ///< empty: any tool
};

struct name_of_forced
{
    forced_name operator()(const tool_choice_mode& mode) const
    {
        return {mode == tool_choice_mode::required || mode == tool_choice_mode::any, {}};
    }

    forced_name operator()(const tool_choice_any&) const { return {true, {}}; }

    forced_name operator()(const tool_choice_tool& choice) const { return {true, choice.name}; }

    forced_name operator()(const tool_choice_function& choice) const { return {true, choice.function.name}; }

    forced_name operator()(const tool_choice_custom& choice) const { return {true, choice.custom.name}; }

    forced_name operator()(const tool_choice_allowed_tools& choice) const
    {
        return {tool_choice_mode::required == choice.allowed_tools.mode, {}};
    }

    template <class Other>
    forced_name operator()(const Other&) const
    {
        return {};
    }
};

}  // namespace

bool forces_tool(const tool_choice& choice)
{
    return std::visit(name_of_forced{}, choice).forced;
}

bool is_forced_by(const tool_choice& choice, std::string_view called_name)
{
    const forced_name wanted = std::visit(name_of_forced{}, choice);
    return wanted.forced && (wanted.name.empty() || wanted.name == called_name);
}

std::optional<tool_choice> released(const tool_choice& choice)
{
    const auto* allowed = std::get_if<tool_choice_allowed_tools>(&choice);
    if (allowed == nullptr)
        return {};
    tool_choice_allowed_tools relaxed = *allowed;
    relaxed.allowed_tools.mode = tool_choice_mode::auto_;
    return relaxed;
}

}  // namespace dedalus::handoff_core
