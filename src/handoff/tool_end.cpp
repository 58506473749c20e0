#include "handoff/tool_end.hpp"

#include <dedalus/handoff/tool_error.hpp>

#include "protocol/redaction.hpp"
#include "support/ascii.hpp"
#include "support/utf8.hpp"

#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

tool_end failed(tool_outcome outcome, std::string text)
{
    tool_end end;
    end.outcome = outcome;
    end.content = "Error: " + text;
    end.text = std::move(text);
    return end;
}

std::string in_quotes(std::string_view text)
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

// On one line, without secrets. "" when there is no text that anybody vouches for.
std::string redacted_line(std::string_view text, const failure_redactor& redact)
{
    if (!support::is_utf8(text))
        return {};
    std::string line = one_line(protocol::redacted_text(text));
    if (!redact || line.empty())
        return line;
    try {
        line = redact(std::move(line));
    }
    catch (...) {
        return {};
    }
    return support::is_utf8(line) ? one_line(line) : std::string();
}

// Where absolute paths of files begin, and paths of APIs do not.
constexpr std::string_view file_roots[] = {
    "/bin/",   "/boot/", "/build/", "/dev/", "/etc/",     "/home/",  "/lib/",  "/lib64/",
    "/media/", "/mnt/",  "/nix/",   "/opt/", "/private/", "/proc/",  "/root/", "/run/",
    "/sbin/",  "/srv/",  "/sys/",   "/tmp/", "/usr/",     "/Users/", "/var/",
};

bool begins_path(std::string_view text, std::size_t at)
{
    const char before = at == 0 ? ' ' : text[at - 1];
    const bool within =
        support::ascii_is_alnum(before) || before == '/' || before == '.' || before == '-' || before == '_';
    if (within && !text.substr(0, at).ends_with("file://"))
        return false;
    const std::string_view rest = text.substr(at);
    if (rest.size() > 2 && support::ascii_is_alnum(rest[0]) && rest.substr(1, 2) == ":\\")
        return true;
    return std::any_of(std::begin(file_roots), std::end(file_roots), [rest](std::string_view root) {
        return rest.starts_with(root);
    });
}

std::string without_paths(std::string_view text)
{
    constexpr std::string_view ends = " \t\r\n\"'`,;()[]{}<>|";
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        if (!begins_path(text, at)) {
            result += text[at++];
            continue;
        }
        result += "<path>";
        const std::size_t end = std::min(text.size(), text.find_first_of(ends, at));
        const std::size_t last = text.substr(0, end).find_last_not_of(".:");  // those end the sentence
        at = last + 1;
    }
    return result;
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

void format_end(tool_end& end, const std::string& tool, const failure_formatter& format, std::size_t max_bytes)
{
    if (!format || end.outcome == tool_outcome::ok)
        return;
    tool_failure failure;
    failure.outcome = end.outcome;
    failure.tool = tool;
    failure.kind = end.kind.empty() ? std::string(to_string(end.outcome)) : end.kind;
    failure.text = end.text;
    failure.dependency = end.dependency;
    failure.retryable = end.retryable;
    failure.outcome_known = end.outcome_known;
    try {
        std::string text = format(failure);
        if (text.empty() || !support::is_utf8(text))
            return;
        cut(text, max_bytes);
        end.content = std::move(text);
    }
    catch (const std::exception&) {
        return;  // the model is told all the same
    }
}

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

thrown_failure read_failure(const std::exception_ptr& thrown)
{
    thrown_failure failure;
    try {
        std::rethrow_exception(thrown);
    }
    catch (const tool_error& e) {
        failure.text = e.what();
        failure.kind = e.kind();
        failure.retryable = e.retryable();
        failure.nothing_happened = e.nothing_happened();
    }
    catch (const std::filesystem::filesystem_error& e) {
        failure.text = e.code().message();
    }
    catch (const boost::system::system_error& e) {
        // The location that Boost adds to what() names source files.
        failure.text = e.code().has_location() ? e.code().message() : without_paths(e.what());
    }
    catch (const std::exception& e) {
        failure.text = without_paths(e.what());
    }
    catch (...) {
        failure.text = "the tool failed with an unknown exception";
    }
    return failure;
}

tool_end error_end(const thrown_failure& thrown, std::size_t max_bytes, const failure_redactor& redact)
{
    tool_end end = error_end(thrown.text, max_bytes, redact);
    end.kind = thrown.kind;
    end.retryable = thrown.retryable;
    end.nothing_happened = thrown.nothing_happened;
    return end;
}

tool_end error_end(std::string_view text, std::size_t max_bytes, const failure_redactor& redact)
{
    std::string line = redacted_line(text, redact);
    tool_end end = failed(tool_outcome::error, line.empty() ? "the tool failed" : std::move(line));
    cut(end.content, max_bytes);
    cut(end.text, max_bytes / 2);
    return end;
}

tool_end timeout_end(std::chrono::milliseconds limit, effect_seen effect)
{
    std::string text = "the tool did not finish within " + spelled(limit);
    if (effect == effect_seen::unknown)
        text += "; its outcome is unknown: it may have taken effect, so check before calling it again";
    if (effect == effect_seen::nothing)
        text += "; it had no effect";
    tool_end end = failed(tool_outcome::timeout, std::move(text));
    end.nothing_happened = effect == effect_seen::nothing;
    end.outcome_known = effect != effect_seen::unknown;
    return end;
}

tool_end cancelled_end()
{
    return failed(tool_outcome::cancelled, "the call was cancelled");
}

tool_end cancelled_call_end(bool effect_unknown)
{
    std::string text = "a person cancelled this call";
    if (effect_unknown)
        text += " when it had started; its outcome is unknown: it may have taken effect";
    tool_end end = failed(tool_outcome::cancelled, std::move(text));
    end.outcome_known = !effect_unknown;
    return end;
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

tool_end unknown_outcome_end(std::string_view remark)
{
    std::string text = "the outcome is unknown: the call may have taken effect, so check before calling it again";
    if (!remark.empty())
        text += "; a person says: " + one_line(remark);
    tool_end end = failed(tool_outcome::unknown_outcome, std::move(text));
    end.outcome_known = false;
    return end;
}

tool_end unknown_tool_end(std::string_view name, const std::vector<std::string>& registered_names)
{
    std::string text = "there is no tool named " + in_quotes(one_line(name)) + ". Available tools: ";
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

tool_end unresolved_arguments_end(std::string_view problem, const failure_redactor& redact)
{
    std::string text = "the arguments cannot be resolved";
    if (const std::string line = redacted_line(problem, redact); !line.empty())
        text += ": " + line;
    return failed(tool_outcome::invalid_arguments, std::move(text));
}

tool_end skipped_end(std::string_view dependency_id, std::string_view dependency_name)
{
    tool_end end = failed(
        tool_outcome::skipped_dependency,
        "not run, because the call " + call_text(dependency_id, dependency_name) + " that it depends on did not succeed"
    );
    end.dependency = dependency_id;
    return end;
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
    tool_end end = failed(
        tool_outcome::skipped_dependency,
        "not run, because it depends on the server call " + call_text(dependency_id, dependency_name) +
            ", which waits for the results of this turn"
    );
    end.dependency = dependency_id;
    return end;
}

}  // namespace dedalus::handoff_core
