#include "handoff/check_request.hpp"

#include <dedalus/error.hpp>

#include "handoff/checkpoint_head.hpp"
#include "handoff/history.hpp"
#include "handoff/session.hpp"
#include "protocol/redaction.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dedalus::handoff_core {

namespace {

constexpr std::size_t most_label_bytes = 4096;

// What the loop writes or reads anew for each request; a member of `extra` would win over it. A null or an empty list
// would not: it only stands for a member that is empty.
constexpr std::array<std::string_view, 10> controlled_members{
    "messages",
    "tools",
    "tool_choice",
    "n",
    "stream",
    "deferred",
    "max_turns",
    "handoff_mode",
    "correlation_id",
    "deferred_calls"};

void check_extra(const boost::json::object& extra)
{
    for (const std::string_view name : controlled_members) {
        const boost::json::value* value = extra.if_contains(name);
        if (value == nullptr || value->is_null() || (value->is_array() && value->get_array().empty()))
            continue;
        throw invalid_request_error("extra must not have the member " + std::string(name) + " in a tool loop");
    }
}

void refuse_secrets(const boost::json::object& extra)
{
    if (without_secrets(extra) != extra)
        throw invalid_request_error(
            "extra must not have credentials, keys, tokens or passwords in a run with a store: see "
            "handoff_options::credentials"
        );
}

// A slug, or a URL.
void refuse_secrets(const std::string& server)
{
    if (protocol::redacted_url(server) != server)
        throw invalid_request_error(
            "a URL of mcp_servers must not have a user, or a key, token or password, in a run with a store: see "
            "handoff_options::credentials"
        );
}

void refuse_secrets(const mcp_server_spec& server)
{
    refuse_secrets(server.extra);
    refuse_secrets(server.url.value_or(""));
    if (!server.credentials.empty())
        throw invalid_request_error(
            "mcp_servers must not have credentials in a run with a store: see handoff_options::credentials"
        );
}

void refuse_secrets(const std::vector<mcp_server>& servers)
{
    for (const mcp_server& each : servers)
        std::visit([](const auto& server) { refuse_secrets(server); }, each);
}

}  // namespace

void check_request(const chat_completion_request& request)
{
    check_extra(request.extra);
    if (!request.messages_raw.empty())
        throw invalid_request_error("messages_raw must be empty in a tool loop: it reads its messages");
    if (request.n && *request.n != 1)
        throw invalid_request_error("n must be 1 in a tool loop");
    if (request.deferred.value_or(false))
        throw invalid_request_error("deferred must not be set in a tool loop: each step needs its answer");
    if (request.max_turns && *request.max_turns < 1)
        throw invalid_request_error("max_turns must be at least 1");
    const server_session session(request);
    if (const std::optional<std::string> violation = find_violation(request.messages, session.deferred_ids()))
        throw invalid_request_error(*violation);
}

void check_storable(const chat_completion_request& request)
{
    refuse_secrets(request.extra);
    if (request.mcp_servers)
        std::visit([](const auto& servers) { refuse_secrets(servers); }, *request.mcp_servers);
}

void check_labels(const stores::label_map& labels)
{
    std::size_t bytes = 0;
    for (const auto& [name, value] : labels) {
        if (name.size() > stores::max_label_bytes || value.size() > stores::max_label_bytes)
            throw config_error("a label of a handoff_loop has at most 256 bytes");
        bytes += name.size() + value.size();
    }
    if (labels.size() > stores::max_labels || bytes > most_label_bytes)
        throw config_error("a handoff_loop has at most 16 labels with 4 KiB in all");
}

std::vector<std::string> connections_of(const std::optional<credential_selection>& credentials)
{
    std::vector<std::string> names;
    if (!credentials)
        return names;
    if (const auto* one = std::get_if<credential>(&*credentials))
        names.push_back(one->connection_name);
    else
        for (const credential& each : std::get<std::vector<credential>>(*credentials))
            names.push_back(each.connection_name);
    return names;
}

}  // namespace dedalus::handoff_core
