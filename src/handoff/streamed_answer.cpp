#include "handoff/streamed_answer.hpp"

#include "handoff/streamed_rules.hpp"

#include <boost/json/value.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;

namespace {

call_delta_event event_of(const tool_call_delta& delta)
{
    call_delta_event event;
    event.index = delta.index.value_or(0);
    event.id = delta.id.value_or("");
    if (delta.function) {
        event.name = delta.function->name.value_or("");
        event.arguments = delta.function->arguments.value_or("");
    }
    else if (delta.custom) {
        event.name = delta.custom->name.value_or("");
        event.arguments = delta.custom->input.value_or("");
    }
    return event;
}

// The first of the members in which servers show what the model thinks.
std::string reasoning_of(const message_delta& delta)
{
    if (delta.reasoning_content)
        return *delta.reasoning_content;
    constexpr std::array<std::string_view, 2> others{"reasoning", "thinking"};
    for (const std::string_view name : others) {
        const boost::json::value* value = delta.extra.if_contains(name);
        if (value != nullptr && value->is_string())
            return std::string(value->get_string());
    }
    return {};
}

asio::awaitable<chat_completion> read_whole(
    asio::awaitable<chat_completion_stream> opened,
    std::shared_ptr<run_event_queue> events,
    std::shared_ptr<early_feed> early
)
{
    chat_completion_stream stream = co_await std::move(opened);
    handoff_core::call_pieces calls;
    std::size_t earlier = 0;
    while (const boxed_optional<chat_completion_chunk> chunk = co_await stream.next()) {
        calls.look(*chunk);
        if (!events)
            continue;
        for (; earlier < stream.earlier_messages().size(); ++earlier)
            events->put(intermediate_text_event{stream.earlier_messages()[earlier].text()});
        for (run_event& event : events_of(*chunk))
            events->put(std::move(event));
        if (early && early->on_chunk)
            early->on_chunk(*chunk);
        co_await run_event_queue::room(events);
    }
    chat_completion answer = stream.completion();
    handoff_core::keep_earlier(answer, stream.earlier_messages());
    handoff_core::check_whole(answer, stream.got_end_marker());
    co_return answer;
}

}  // namespace

asio::awaitable<chat_completion> streamed_answer(
    const client& c,
    const chat_completion_request& request,
    const call_options& options,
    std::shared_ptr<run_event_queue> events,
    std::shared_ptr<early_feed> early
)
{
    return read_whole(c.chat_completions_stream(request, options), std::move(events), std::move(early));
}

std::vector<run_event> events_of(const chat_completion_chunk& chunk)
{
    std::vector<run_event> events;
    for (const auto* notice : {&chunk.x_dedalus_event, &chunk.dedalus_event}) {
        if (*notice)
            events.emplace_back(agent_event{**notice});
    }
    const message_delta* delta = chunk.first_delta();
    if (delta == nullptr || chunk.choices.front().index != 0)
        return events;
    if (std::string text = reasoning_of(*delta); !text.empty())
        events.emplace_back(reasoning_delta_event{std::move(text)});
    if (std::string text = chunk.text(); !text.empty())
        events.emplace_back(text_delta_event{std::move(text)});
    for (const tool_call_delta& call : delta->tool_calls)
        events.emplace_back(event_of(call));
    return events;
}

}  // namespace dedalus::handoff_engine
