#pragma once

#include <dedalus/chat/handoff.hpp>
#include <dedalus/chat/mcp.hpp>
#include <dedalus/chat/response_format.hpp>
#include <dedalus/chat/tool.hpp>
#include <dedalus/chat/tool_choice.hpp>

#include <boost/describe/class.hpp>

/// @file
/// The members of tools, formats of the answer, handoff and MCP servers.

namespace dedalus {

BOOST_DESCRIBE_STRUCT(function_definition, (), (name, description, parameters, strict))
BOOST_DESCRIBE_STRUCT(function_tool, (), (function))
BOOST_DESCRIBE_STRUCT(custom_format_text, (), ())
BOOST_DESCRIBE_STRUCT(custom_grammar, (), (definition, syntax))
BOOST_DESCRIBE_STRUCT(custom_format_grammar, (), (grammar))
BOOST_DESCRIBE_STRUCT(custom_definition, (), (name, description, format))
BOOST_DESCRIBE_STRUCT(custom_tool, (), (custom))
BOOST_DESCRIBE_STRUCT(function_call, (), (name, arguments))
BOOST_DESCRIBE_STRUCT(function_tool_call, (), (id, function, thought_signature, dependencies, index))
BOOST_DESCRIBE_STRUCT(custom_call, (), (name, input))
BOOST_DESCRIBE_STRUCT(custom_tool_call, (), (id, custom))

BOOST_DESCRIBE_STRUCT(tool_choice_auto, (), (disable_parallel_tool_use))
BOOST_DESCRIBE_STRUCT(tool_choice_any, (), (disable_parallel_tool_use))
BOOST_DESCRIBE_STRUCT(tool_choice_tool, (), (name, disable_parallel_tool_use))
BOOST_DESCRIBE_STRUCT(tool_choice_none, (), ())
BOOST_DESCRIBE_STRUCT(tool_name, (), (name))
BOOST_DESCRIBE_STRUCT(tool_choice_function, (), (function))
BOOST_DESCRIBE_STRUCT(tool_choice_custom, (), (custom))
BOOST_DESCRIBE_STRUCT(allowed_tools, (), (mode, tools))
BOOST_DESCRIBE_STRUCT(tool_choice_allowed_tools, (), (allowed_tools))
BOOST_DESCRIBE_STRUCT(tool_choice_mcp, (), (server_label, name))

BOOST_DESCRIBE_STRUCT(response_format_text, (), ())
BOOST_DESCRIBE_STRUCT(response_format_json_object, (), ())
BOOST_DESCRIBE_STRUCT(json_schema_format, (), (name, description, schema, strict))
BOOST_DESCRIBE_STRUCT(response_format_json_schema, (), (json_schema))

BOOST_DESCRIBE_STRUCT(pending_call, (), (id, name, arguments, dependencies))
BOOST_DESCRIBE_STRUCT(deferred_call, (), (id, name, arguments, venue, dependencies, blocked_by))

BOOST_DESCRIBE_STRUCT(mcp_tool_result, (), (tool_name, server_name, arguments, is_error, result, duration_ms))
BOOST_DESCRIBE_STRUCT(mcp_server_error, (), (message, code, recommendation))
BOOST_DESCRIBE_STRUCT(mcp_server_spec, (), (name, slug, url, version, credentials))
BOOST_DESCRIBE_STRUCT(credential, (), (connection_name, values))

}  // namespace dedalus
