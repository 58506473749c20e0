#pragma once

#include <boost/describe/class.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dedalus {

/// A call that the client has to run: element of `pending_tools`.
struct pending_call
{
    std::string id{};  ///< goes into `tool_call_id` of the tool message
    std::string name{};
    boost::json::object arguments{};
    std::vector<std::string> dependencies{};  ///< ids of other pending calls that come first
    boost::json::object extra{};

    /// The bytes of `arguments` as received; empty when the call was made by hand. Not a wire member.
    std::string arguments_raw{};

    bool operator==(const pending_call&) const = default;
};
BOOST_DESCRIBE_STRUCT(pending_call, (), (id, name, arguments, dependencies))

/// A call that waits at the server: element of the response's `deferred` and of the request's `deferred_calls`.
struct deferred_call
{
    std::string id{};
    std::string name{};
    std::optional<boost::json::object> arguments{};
    std::optional<std::string> venue{};       ///< "server" (default) or "client"
    std::vector<std::string> dependencies{};  ///< ids of the calls it depends on
    std::vector<std::string> blocked_by{};    ///< ids of the pending client calls that block it
    boost::json::object extra{};

    bool operator==(const deferred_call&) const = default;
};
BOOST_DESCRIBE_STRUCT(deferred_call, (), (id, name, arguments, venue, dependencies, blocked_by))

/// What a tool of an MCP server gave: element of `mcp_tool_results`.
struct mcp_tool_result
{
    std::string tool_name{};
    std::string server_name{};
    boost::json::object arguments{};
    bool is_error = false;
    std::optional<boost::json::value> result{};
    std::optional<std::int64_t> duration_ms{};
    boost::json::object extra{};

    bool operator==(const mcp_tool_result&) const = default;
};
BOOST_DESCRIBE_STRUCT(mcp_tool_result, (), (tool_name, server_name, arguments, is_error, result, duration_ms))

/// Why an MCP server failed: value of `mcp_server_errors`. A bare string on the wire is read as `message`.
struct mcp_server_error
{
    std::string message{};
    std::optional<std::string> code{};
    std::optional<std::string> recommendation{};
    boost::json::object extra{};

    bool operator==(const mcp_server_error&) const = default;
};
BOOST_DESCRIBE_STRUCT(mcp_server_error, (), (message, code, recommendation))

/// An MCP server whose tools run on the server: object form of `mcp_servers`. `slug` or `url` is needed.
struct mcp_server_spec
{
    std::optional<std::string> name{};
    std::optional<std::string> slug{};  ///< "org/server"
    std::optional<std::string> url{};
    std::optional<std::string> version{};
    std::optional<boost::json::object> credentials{};  ///< connection name to encrypted blob
    boost::json::object extra{};

    bool operator==(const mcp_server_spec&) const = default;
};
BOOST_DESCRIBE_STRUCT(mcp_server_spec, (), (name, slug, url, version, credentials))

/// A marketplace slug, a URL, or a spec.
using mcp_server = std::variant<std::string, mcp_server_spec>;

}  // namespace dedalus
