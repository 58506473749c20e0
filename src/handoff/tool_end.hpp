#pragma once

#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/handoff/tool_failure.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::handoff_core {

/// What is known of a text that is not stored.
struct unstored_text
{
    std::string sha256{};
    std::int64_t bytes = 0;
};

/// How a client call ended, and the text that tells the model.
struct tool_end
{
    tool_outcome outcome = tool_outcome::ok;
    std::string content{};       ///< of the tool message
    boost::json::value value{};  ///< what the tool gave, whole; null unless `ok`

    std::string kind{};  ///< of a failure: what the tool calls it

    // Of a failure, as long as it is not stored.
    std::string text{};             ///< without "Error: "; empty: `content` stays as it is
    std::string dependency{};       ///< that it was skipped for
    bool retryable = false;         ///< the tool says so
    bool nothing_happened = false;  ///< likewise

    bool outcome_known = true;          ///< false: it may have taken effect
    std::optional<std::string> note{};  ///< before the result of a call with edited arguments; empty: the default one

    std::optional<unstored_text> unstored{};  ///< of a stored result: set when `content` says only that it is not there
};

/// The text of a failure in the form that a program has chosen, in place of the default one, at most `max_bytes`.
void format_end(tool_end& end, const std::string& tool, const failure_formatter& format, std::size_t max_bytes);

/// What a tool threw.
struct thrown_failure
{
    std::string text = "the tool failed";
    std::string kind{};
    bool retryable = false;
    bool nothing_happened = false;
};

/// Without the names of source files and other files, which are none of the model's business.
thrown_failure read_failure(const std::exception_ptr& thrown);

/// What a tool returned. A string is sent as it is, anything else as JSON text; more than `max_bytes` is cut between
/// characters, and a note takes the place of the rest. A string that is not UTF-8 is an error.
tool_end result_end(boost::json::value value, std::size_t max_bytes);

/// What a tool threw: "Error: " and the text on one line, at most `max_bytes` in all, without what looks like a key and
/// what the program wants to be left out.
tool_end error_end(const thrown_failure& thrown, std::size_t max_bytes, const failure_redactor& redact = {});
tool_end error_end(std::string_view text, std::size_t max_bytes, const failure_redactor& redact = {});

/// What is known of the effect of a call that did not end in time.
enum class effect_seen
{
    none,     ///< the tool has no effect at all
    nothing,  ///< it had none this time
    unknown,  ///< the model is told to check first: the repetition would be another call, with another key
};

/// The time limit passed.
tool_end timeout_end(std::chrono::milliseconds limit, effect_seen effect);

/// The run was cancelled.
tool_end cancelled_end();

/// A person cancelled this call. `effect_unknown`: it had started.
tool_end cancelled_call_end(bool effect_unknown);

/// A person declined. `reason` is that person's, and may be empty.
tool_end rejected_end(std::string_view reason);

/// What stands before the text of a call that ran with other arguments than the model's: these.
std::string edited_note(const boost::json::object& arguments);

/// Nobody decided in time.
tool_end expired_end();

/// The call was started and nobody knows whether it took effect. `remark` is of the person who said so, and may be
/// empty.
tool_end unknown_outcome_end(std::string_view remark = {});

tool_end unknown_tool_end(std::string_view name, const std::vector<std::string>& registered_names);

tool_end invalid_arguments_end(std::string_view problem);

/// `problem` has the JSON path of what does not fit the tool.
tool_end unfit_arguments_end(std::string_view problem);

/// argument_resolver threw this. Likewise without what is to be left out.
tool_end unresolved_arguments_end(std::string_view problem, const failure_redactor& redact = {});

/// Not run, because the client call that it depends on did not end with `ok`.
tool_end skipped_end(std::string_view dependency_id, std::string_view dependency_name);

/// Not run, because it depends on an id that nobody knows.
tool_end skipped_for_unknown_end(std::string_view dependency_id);

/// Not run, because it and others of these ids depend on each other.
tool_end skipped_for_cycle_end(std::string_view ids);

/// Not run, because it depends on a server call that itself waits for the results of this turn.
tool_end skipped_for_server_end(std::string_view dependency_id, std::string_view dependency_name);

}  // namespace dedalus::handoff_core
