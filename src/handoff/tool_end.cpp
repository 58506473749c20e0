#include "handoff/tool_end.hpp"

#include "protocol/redaction.hpp"
#include "support/utf8.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

tool_end failed(tool_outcome outcome, std::string text)
{
    tool_end end;
    end.outcome = outcome;
    end.content = "Error: " + std::move(text);
    return end;
}

std::string quoted(std::string_view text)
{
    std::string result = "\"";
    result += text;
    result += '"';
    return result;
}

// Names, ids and texts of others are kept on one line.
std::string one_line(std::string_view text)
{
    std::string line;
    line.reserve(text.size());
    for (const char c : text) {
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        if (!control)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    while (!line.empty() && line.back() == ' ')
        line.pop_back();
    return line;
}

void cut(std::string& text, std::size_t max_bytes)
{
    if (text.size() <= max_bytes)
        return;
    const std::string note = " [cut: " + std::to_string(text.size()) + " bytes in all]";
    const std::size_t room = max_bytes > note.size() ? max_bytes - note.size() : 0;
    text.resize(support::utf8_prefix(text, room).size());
    text += note;
}

std::string spelled(std::chrono::milliseconds duration)
{
    constexpr std::chrono::milliseconds::rep second = 1000;
    if (duration.count() % second == 0)
        return std::to_string(duration.count() / second) + " s";
    return std::to_string(duration.count()) + " ms";
}

std::string call_text(std::string_view id, std::string_view name)
{
    return one_line(id) + " (" + one_line(name) + ')';
}

}  // namespace

tool_end result_end(json::value value, std::size_t max_bytes)
{
    std::string content = value.is_string() ? std::string(value.get_string()) : json::serialize(value);
    if (!support::is_utf8(content))
        return failed(tool_outcome::error, "the result of the tool is not valid UTF-8");
    cut(content, max_bytes);

    tool_end end;
    end.content = std::move(content);
    end.value = std::move(value);
    return end;
}

tool_end error_end(std::string_view text, std::size_t max_bytes)
{
    std::string line = support::is_utf8(text) ? one_line(protocol::redacted_text(text)) : std::string();
    tool_end end = failed(tool_outcome::error, line.empty() ? "the tool failed" : std::move(line));
    cut(end.content, max_bytes);
    return end;
}

tool_end timeout_end(std::chrono::milliseconds limit, bool effect_unknown)
{
    std::string text = "the tool did not finish within " + spelled(limit);
    if (effect_unknown)
        text += "; its outcome is unknown: it may have taken effect, so check before calling it again";
    return failed(tool_outcome::timeout, std::move(text));
}

tool_end cancelled_end()
{
    return failed(tool_outcome::cancelled, "the call was cancelled");
}

tool_end rejected_end(std::string_view reason)
{
    std::string text = "a person declined this call; repeating it will not help";
    if (!reason.empty())
        text += ": " + one_line(reason);
    return failed(tool_outcome::rejected, std::move(text));
}

std::string edited_note(const json::object& arguments)
{
    constexpr std::size_t most = 1024;
    std::string text = json::serialize(arguments);
    cut(text, most);
    return "[A person changed the arguments of this call to " + text + "]\n";
}

tool_end expired_end()
{
    return failed(tool_outcome::expired, "not run, because nobody decided in time");
}

tool_end unknown_outcome_end()
{
    return failed(
        tool_outcome::unknown_outcome,
        "the outcome is unknown: the call may have taken effect, so check before calling it again"
    );
}

tool_end unknown_tool_end(std::string_view name, const std::vector<std::string>& registered_names)
{
    std::string text = "there is no tool named " + quoted(one_line(name)) + ". Available tools: ";
    for (const std::string& registered : registered_names)
        text += (&registered == registered_names.data() ? "" : ", ") + registered;
    if (registered_names.empty())
        text += "none";
    return failed(tool_outcome::unknown_tool, std::move(text));
}

tool_end invalid_arguments_end(std::string_view problem)
{
    return failed(tool_outcome::invalid_arguments, "the arguments are not a JSON object: " + one_line(problem));
}

tool_end unfit_arguments_end(std::string_view problem)
{
    return failed(tool_outcome::invalid_arguments, "the arguments do not fit the tool: " + one_line(problem));
}

tool_end unresolved_arguments_end(std::string_view problem)
{
    std::string text = "the arguments cannot be resolved";
    if (support::is_utf8(problem) && !problem.empty())
        text += ": " + one_line(protocol::redacted_text(problem));
    return failed(tool_outcome::invalid_arguments, std::move(text));
}

tool_end skipped_end(std::string_view dependency_id, std::string_view dependency_name)
{
    return failed(
        tool_outcome::skipped_dependency,
        "not run, because the call " + call_text(dependency_id, dependency_name) + " that it depends on did not succeed"
    );
}

tool_end skipped_for_unknown_end(std::string_view dependency_id)
{
    return failed(
        tool_outcome::skipped_dependency,
        "not run, because it depends on the call " + one_line(dependency_id) + ", which is not known"
    );
}

tool_end skipped_for_cycle_end(std::string_view ids)
{
    return failed(
        tool_outcome::skipped_dependency, "not run, because these calls depend on each other: " + one_line(ids)
    );
}

tool_end skipped_for_server_end(std::string_view dependency_id, std::string_view dependency_name)
{
    return failed(
        tool_outcome::skipped_dependency,
        "not run, because it depends on the server call " + call_text(dependency_id, dependency_name) +
            ", which waits for the results of this turn"
    );
}

}  // namespace dedalus::handoff_core
