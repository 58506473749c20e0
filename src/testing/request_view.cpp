#include "testing/request_view.hpp"

#include <algorithm>

namespace dedalus::testing {

namespace json = boost::json;

const json::value* member(const json::object& object, std::string_view name)
{
    const json::value* found = object.if_contains(name);
    return found != nullptr && !found->is_null() ? found : nullptr;
}

std::optional<bool> bool_member(const json::object& object, std::string_view name)
{
    const json::value* found = member(object, name);
    return found != nullptr && found->is_bool() ? std::optional(found->get_bool()) : std::nullopt;
}

std::optional<std::int64_t> int_member(const json::object& object, std::string_view name)
{
    const json::value* found = member(object, name);
    return found != nullptr && found->is_number() ? std::optional(found->to_number<std::int64_t>()) : std::nullopt;
}

std::string string_member(const json::object& object, std::string_view name)
{
    const json::value* found = member(object, name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

const json::array& array_member(const json::object& object, std::string_view name)
{
    static const json::array none;
    const json::value* found = member(object, name);
    return found != nullptr && found->is_array() ? found->get_array() : none;
}

std::string last_role(const json::object& request)
{
    const json::array& messages = array_member(request, "messages");
    return messages.empty() ? std::string() : string_member(messages.back().as_object(), "role");
}

std::string message_text(const json::object& message)
{
    std::string text = string_member(message, "content");
    for (const json::value& part : array_member(message, "content"))
        text.append(string_member(part.as_object(), "text"));
    return text;
}

std::vector<tool_result> trailing_tool_results(const json::object& request)
{
    std::vector<tool_result> results;
    const json::array& messages = array_member(request, "messages");
    for (std::size_t i = messages.size(); i > 0; --i) {
        const json::object& message = messages[i - 1].as_object();
        if (string_member(message, "role") != "tool")
            break;
        results.push_back({string_member(message, "tool_call_id"), message_text(message)});
    }
    std::reverse(results.begin(), results.end());
    return results;
}

std::vector<offered_tool> offered_tools(const json::object& request)
{
    std::vector<offered_tool> tools;
    for (const json::value& entry : array_member(request, "tools")) {
        const json::object& tool = entry.as_object();
        const bool custom = string_member(tool, "type") == "custom";
        const json::object& definition = tool.at(custom ? "custom" : "function").as_object();
        offered_tool offered{string_member(definition, "name"), custom, {}};
        if (const json::value* parameters = member(definition, "parameters"))
            offered.parameters = parameters->as_object();
        tools.push_back(std::move(offered));
    }
    return tools;
}

tool_demand demanded_tool(const json::object& request)
{
    const json::value* choice = member(request, "tool_choice");
    if (choice == nullptr)
        return {};
    if (choice->is_string()) {
        const std::string_view word = choice->get_string();
        return {word == "none", word == "required" || word == "any", {}};
    }
    const json::object& object = choice->as_object();
    const std::string type = string_member(object, "type");
    if (type == "tool")
        return {false, true, string_member(object, "name")};
    if (type == "function" || type == "custom")
        return {false, true, string_member(object.at(type).as_object(), "name")};
    if (type == "allowed_tools") {
        const json::object& allowed = object.at("allowed_tools").as_object();
        const json::object& first = allowed.at("tools").as_array().front().as_object();
        const json::value* named = member(first, "function");
        const std::string name =
            named != nullptr && named->is_object() ? string_member(named->get_object(), "name") : "";
        return {false, string_member(allowed, "mode") == "required", name};
    }
    return {type == "none", type == "any", {}};
}

bool has_mcp_servers(const json::object& request)
{
    const json::value* servers = member(request, "mcp_servers");
    return servers != nullptr && (!servers->is_array() || !servers->get_array().empty());
}

}  // namespace dedalus::testing
