#pragma once

#include <dedalus/handoff/tool_context.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::handoff_core {

/// How a client call ended, and the text that tells the model.
struct tool_end
{
    tool_outcome outcome = tool_outcome::ok;
    std::string content{};       ///< of the tool message
    boost::json::value value{};  ///< what the tool gave, whole; null unless `ok`
};

/// What a tool returned. A string is sent as it is, anything else as JSON text; more than `max_bytes` is cut between
/// characters, and a note takes the place of the rest. A string that is not UTF-8 is an error.
tool_end result_end(boost::json::value value, std::size_t max_bytes);

/// What a tool threw: "Error: " and the text on one line, at most `max_bytes` in all.
tool_end error_end(std::string_view text, std::size_t max_bytes);

/// The time limit passed. `effect_unknown`: the tool must not run twice, so the model is told to check first.
tool_end timeout_end(std::chrono::milliseconds limit, bool effect_unknown);

/// The run was cancelled.
tool_end cancelled_end();

/// A person declined. `reason` is that person's, and may be empty.
tool_end rejected_end(std::string_view reason);

/// What stands before the text of a call that ran with other arguments than the model's: these.
std::string edited_note(const boost::json::object& arguments);

/// Nobody decided in time.
tool_end expired_end();

/// The call was started and nobody knows whether it took effect.
tool_end unknown_outcome_end();

tool_end unknown_tool_end(std::string_view name, const std::vector<std::string>& registered_names);

tool_end invalid_arguments_end(std::string_view problem);

/// `problem` has the JSON path of what does not fit the tool.
tool_end unfit_arguments_end(std::string_view problem);

/// argument_resolver threw this.
tool_end unresolved_arguments_end(std::string_view problem);

/// Not run, because the client call that it depends on did not end with `ok`.
tool_end skipped_end(std::string_view dependency_id, std::string_view dependency_name);

/// Not run, because it depends on an id that nobody knows.
tool_end skipped_for_unknown_end(std::string_view dependency_id);

/// Not run, because it and others of these ids depend on each other.
tool_end skipped_for_cycle_end(std::string_view ids);

/// Not run, because it depends on a server call that itself waits for the results of this turn.
tool_end skipped_for_server_end(std::string_view dependency_id, std::string_view dependency_name);

}  // namespace dedalus::handoff_core
