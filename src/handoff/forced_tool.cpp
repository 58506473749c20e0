#include "handoff/forced_tool.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <variant>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

std::string_view text_member(const json::object& object, std::string_view key)
{
    const json::value* member = object.if_contains(key);
    return member != nullptr && member->is_string() ? std::string_view(member->get_string()) : std::string_view();
}

// Some forms have the members inside an object that is named as the type, others beside the type.
const json::object& described_in(const json::object& choice, std::string_view type)
{
    const json::value* inner = choice.if_contains(type);
    return inner != nullptr && inner->is_object() ? inner->get_object() : choice;
}

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

    // A choice that the program wrote as JSON, in whatever form its server takes.
    forced_name operator()(const json::object& choice) const
    {
        const std::string_view type = text_member(choice, "type");
        if (type == tool_choice_any::type || type == tool_choice_mode::required)
            return {true, {}};
        if (type == tool_choice_tool::type || type == tool_choice_function::type || type == tool_choice_custom::type)
            return {true, text_member(described_in(choice, type), "name")};
        if (type == tool_choice_allowed_tools::type)
            return {tool_choice_mode::required == text_member(described_in(choice, type), "mode"), {}};
        return {};
    }

    template <class Other>
    forced_name operator()(const Other&) const
    {
        return {};
    }
};

std::optional<tool_choice> released(const json::object& choice)
{
    constexpr std::string_view type = tool_choice_allowed_tools::type;
    if (text_member(choice, "type") != type)
        return {};
    json::object relaxed = choice;
    json::value* inner = relaxed.if_contains(type);
    json::object& described = inner != nullptr && inner->is_object() ? inner->get_object() : relaxed;
    described["mode"] = tool_choice_mode::auto_;
    return relaxed;
}

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
    if (const auto* object = std::get_if<json::object>(&choice))
        return released(*object);
    const auto* allowed = std::get_if<tool_choice_allowed_tools>(&choice);
    if (allowed == nullptr)
        return {};
    tool_choice_allowed_tools relaxed = *allowed;
    relaxed.allowed_tools.mode = tool_choice_mode::auto_;
    return relaxed;
}

}  // namespace dedalus::handoff_core
