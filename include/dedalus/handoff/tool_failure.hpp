#pragma once

#include <dedalus/config.hpp>
#include <dedalus/handoff/tool_context.hpp>

#include <boost/json/object.hpp>

#include <functional>
#include <string>

namespace dedalus {

/// A call that did not end with tool_outcome::ok, as the model is told of it.
struct tool_failure
{
    tool_outcome outcome = tool_outcome::error;
    std::string tool{};         ///< its name as the model wrote it
    std::string kind{};         ///< tool_error::kind(); else the name of the outcome
    std::string text{};         ///< what happened, on one line; in default form "Error: " stands before it
    std::string dependency{};   ///< id of the call that it was skipped for; else empty
    bool retryable = false;     ///< tool_error::retryable()
    bool outcome_known = true;  ///< false: the call may have taken effect
};

/// Gives the text of the tool message for a call that did not succeed. Called once for each, before the end of the call
/// is stored: what it gave then is what stays. A text that is empty, not UTF-8, or an exception stand for the default
/// form; one above handoff_options::max_result_bytes is cut.
using failure_formatter = std::function<std::string(const tool_failure&)>;

/// Gives what stands before the result of a call that a person let run with other arguments; likewise.
using edit_formatter = std::function<std::string(const std::string& tool, const boost::json::object& arguments)>;

/// Gives the text of a failure without what is neither to be stored nor to be sent to the model.
using failure_redactor = std::function<std::string(std::string text)>;

/// A failure as compact JSON, for failure_formatter:
/// {"error":{"kind":"busy","message":"...","retryable":true,"outcome_known":true}}, with `dependency` if there is one.
DEDALUS_EXPORT std::string structured_failure(const tool_failure& failure);

}  // namespace dedalus
