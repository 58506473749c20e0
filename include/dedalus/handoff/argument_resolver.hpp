#pragma once

#include <dedalus/config.hpp>
#include <dedalus/handoff/tool_context.hpp>

#include <boost/json/object.hpp>

#include <functional>
#include <map>
#include <string>

namespace dedalus {

/// A call that is about to run.
struct call_arguments
{
    std::string call_id{};
    std::string name{};               ///< of the tool
    boost::json::object arguments{};  ///< as received, or as a person has changed them
};

/// Gives the arguments that the handler of a call gets, in place of those that came: for servers whose arguments refer
/// to the results of other calls. What it throws ends the call with tool_outcome::invalid_arguments, and the model is
/// told what() of a std::exception. Called on the strand of the run, for each attempt at a call; must not block.
using argument_resolver = std::function<boost::json::object(
    const call_arguments& call, const std::map<std::string, dependency_result, std::less<>>& dependency_results
)>;

}  // namespace dedalus
