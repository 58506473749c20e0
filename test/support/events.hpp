#pragma once

#include <dedalus/chat/event_accumulator.hpp>
#include <dedalus/chat/events.hpp>

#include <boost/json/serialize.hpp>

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace test {

/// Events for tests, each as a line: name, choice (and index, id and name of a call), delta, whole, JSON.
class event_line
{
public:
    std::string operator()(const dedalus::chunk_event&) const { return "chunk"; }

    std::string operator()(const dedalus::content_delta_event& e) const
    {
        return head(e) + text(e.delta) + text(e.snapshot) + parsed(e.parsed);
    }

    std::string operator()(const dedalus::content_done_event& e) const
    {
        return head(e) + text(e.content) + parsed(e.parsed);
    }

    std::string operator()(const dedalus::refusal_delta_event& e) const
    {
        return head(e) + text(e.delta) + text(e.snapshot);
    }

    std::string operator()(const dedalus::refusal_done_event& e) const { return head(e) + text(e.refusal); }

    std::string operator()(const dedalus::arguments_delta_event& e) const
    {
        return "arguments.delta " + call(e) + text(e.arguments_delta) + text(e.arguments) + parsed(e.parsed_arguments);
    }

    std::string operator()(const dedalus::arguments_done_event& e) const
    {
        return "arguments.done " + call(e) + text(e.arguments) + parsed(e.parsed_arguments);
    }

    std::string operator()(const dedalus::logprobs_content_delta_event& e) const
    {
        return head(e) + tokens(e.content) + tokens(e.snapshot);
    }

    std::string operator()(const dedalus::logprobs_content_done_event& e) const { return head(e) + tokens(e.content); }

    std::string operator()(const dedalus::logprobs_refusal_delta_event& e) const
    {
        return head(e) + tokens(e.refusal) + tokens(e.snapshot);
    }

    std::string operator()(const dedalus::logprobs_refusal_done_event& e) const { return head(e) + tokens(e.refusal); }

private:
    template <class Event>
    static std::string head(const Event& e)
    {
        return std::string(Event::type) + ' ' + std::to_string(e.choice_index);
    }

    template <class Event>
    static std::string call(const Event& e)
    {
        return std::to_string(e.choice_index) + '.' + std::to_string(e.tool_index) + ' ' + std::string(e.id) + ' ' +
               std::string(e.name);
    }

    static std::string text(std::string_view text) { return " [" + std::string(text) + ']'; }

    static std::string parsed(const boost::json::value* value)
    {
        return value == nullptr ? std::string() : ' ' + boost::json::serialize(*value);
    }

    static std::string tokens(std::span<const dedalus::token_logprob> list)
    {
        std::string all;
        for (const dedalus::token_logprob& each : list)
            all += each.token + ',';
        return text(all);
    }
};

inline std::vector<std::string> lines_of(const std::vector<dedalus::chat_completion_event>& events)
{
    std::vector<std::string> lines;
    for (const dedalus::chat_completion_event& event : events)
        lines.push_back(std::visit(event_line{}, event));
    return lines;
}

/// The events of a stream; those of its end come after the line "end".
inline std::vector<std::string>
lines_of(const std::vector<dedalus::chat_completion_chunk>& chunks, dedalus::chat_event_options options = {})
{
    dedalus::chat_completion_event_accumulator accumulator(options);
    std::vector<std::string> all;
    for (const dedalus::chat_completion_chunk& chunk : chunks) {
        const std::vector<std::string> some = lines_of(accumulator.add(chunk));
        all.insert(all.end(), some.begin(), some.end());
    }
    all.emplace_back("end");
    const std::vector<std::string> last = lines_of(accumulator.finish());
    all.insert(all.end(), last.begin(), last.end());
    return all;
}

using lines = std::vector<std::string>;

}  // namespace test
