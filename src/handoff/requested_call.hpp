#pragma once

#include <dedalus/chat/handoff.hpp>
#include <dedalus/chat/tool.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// A client call as an answer asks for it.
struct requested_call
{
    std::string id{};
    std::string name{};
    std::optional<boost::json::object> arguments{};  ///< empty: what came is not a JSON object
    std::string arguments_text{};                    ///< as received
    std::string arguments_problem{};                 ///< why `arguments` is empty
    std::vector<std::string> dependencies{};         ///< as received
    bool pending = false;                            ///< from `pending_tools`; false: only from `tool_calls`
};

requested_call to_requested_call(const pending_call& call);

/// A call whose id, name or arguments cannot be told has them empty. A blank text of arguments means {}.
requested_call to_requested_call(const tool_call& call);

/// The arguments as a result reports them: the object, or the text that is none.
boost::json::value reported_arguments(const requested_call& call);

/// SHA-256 of the name and the canonical arguments: members sorted by name, numbers in one spelling (those that do not
/// fit into 64 bits as doubles). Arguments that are no object count as the text they are.
std::string fingerprint(const requested_call& call);

}  // namespace dedalus::handoff_core
