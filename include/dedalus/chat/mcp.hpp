#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dedalus {

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

/// Why an MCP server failed: value of `mcp_server_errors`. A bare string on the wire is read as `message`.
struct mcp_server_error
{
    std::string message{};
    std::optional<std::string> code{};
    std::optional<std::string> recommendation{};
    boost::json::object extra{};

    bool operator==(const mcp_server_error&) const = default;
};

/// An MCP server whose tools run on the server: object form of `mcp_servers`. `slug` or `url` is needed.
struct mcp_server_spec
{
    std::optional<std::string> name{};
    std::optional<std::string> slug{};  ///< "org/server"
    std::optional<std::string> url{};
    std::optional<std::string> version{};
    std::map<std::string, std::string, std::less<>> credentials{};  ///< connection name to encrypted credential
    boost::json::object extra{};

    bool operator==(const mcp_server_spec&) const = default;
};

/// A marketplace slug ("org/server", "org/server@v1.0.0"), a URL, or a spec.
using mcp_server = std::variant<std::string, mcp_server_spec>;

/// `mcp_servers`: one server or a list.
using mcp_server_selection = std::variant<std::string, mcp_server_spec, std::vector<mcp_server>>;

/// A value of a credential.
using credential_value = std::variant<std::string, std::int64_t, bool>;

/// What a connection of an MCP server needs to log in. A secret: the client encrypts it for the authorization server
/// when it knows one, and keeps it out of logs and errors.
struct credential
{
    std::string connection_name{};  ///< as the MCP server declares it
    std::map<std::string, credential_value, std::less<>> values{};
    boost::json::object extra{};

    bool operator==(const credential&) const = default;
};

/// `credentials`: one or a list.
using credential_selection = std::variant<credential, std::vector<credential>>;

}  // namespace dedalus
