#include "handoff/check_request.hpp"

#include <dedalus/error.hpp>

#include "handoff/history.hpp"
#include "handoff/session.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace dedalus::handoff_core {

namespace {

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

}  // namespace

void check_request(const chat_completion_request& request)
{
    check_extra(request.extra);
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

}  // namespace dedalus::handoff_core
