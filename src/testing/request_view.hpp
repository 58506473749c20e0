#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Reading a request body that passed check_request_schema().
namespace dedalus::testing {

/// The member, or null when it is absent or JSON null.
const boost::json::value* member(const boost::json::object& object, std::string_view name);

/// The member, or nothing when it is absent, null or of another type.
std::optional<bool> bool_member(const boost::json::object& object, std::string_view name);
std::optional<std::int64_t> int_member(const boost::json::object& object, std::string_view name);
std::string string_member(const boost::json::object& object, std::string_view name);
const boost::json::array& array_member(const boost::json::object& object, std::string_view name);

/// Role of the last message, "" without messages.
std::string last_role(const boost::json::object& request);

/// The text of a message: its string content, or its text parts one after another.
std::string message_text(const boost::json::object& message);

/// A tool message.
struct tool_result
{
    std::string call_id;
    std::string text;
};

/// The tool messages at the end of the conversation.
std::vector<tool_result> trailing_tool_results(const boost::json::object& request);

/// A tool the client offers.
struct offered_tool
{
    std::string name;
    bool custom = false;
    boost::json::object parameters;  ///< schema of the arguments of a function
};

std::vector<offered_tool> offered_tools(const boost::json::object& request);

/// What `tool_choice` says, whatever its shape.
struct tool_demand
{
    bool forbidden = false;
    bool forced = false;
    std::string name;  ///< "" : any tool
};

tool_demand demanded_tool(const boost::json::object& request);

/// Whether `mcp_servers` names any.
bool has_mcp_servers(const boost::json::object& request);

}  // namespace dedalus::testing
