#pragma once

#include <dedalus/open_enum.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
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

/// Where a call runs.
struct call_venue : open_enum<call_venue>
{
    using open_enum::open_enum;
    static constexpr std::string_view server = "server";
    static constexpr std::string_view client = "client";
};

/// A call that waits at the server: element of the response's `deferred` and of the request's `deferred_calls`.
struct deferred_call
{
    std::string id{};
    std::string name{};
    std::optional<boost::json::object> arguments{};
    std::optional<call_venue> venue{};        ///< absent: the server
    std::vector<std::string> dependencies{};  ///< ids of the calls it depends on
    std::vector<std::string> blocked_by{};    ///< ids of the pending client calls that block it
    boost::json::object extra{};

    bool operator==(const deferred_call&) const = default;
};

}  // namespace dedalus
