#include "protocol/choice_events.hpp"

#include <dedalus/chat/message.hpp>

#include "codec/message_text.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace dedalus::protocol {

namespace {

using content_parts = std::vector<content_part>;

bool has_parts(const choice_accumulator& whole)
{
    const std::optional<message_content>& content = whole.message().content;
    return content && std::holds_alternative<content_parts>(*content);
}

std::string_view view(const std::optional<std::string>& text) noexcept
{
    return text ? std::string_view(*text) : std::string_view();
}

// Less when the list was dropped with its segment in the same chunk.
std::span<const token_logprob> first(const std::vector<token_logprob>& list, std::size_t count) noexcept
{
    return std::span(list).first(std::min(count, list.size()));
}

// A server that sends no role means the assistant.
bool is_of_assistant(const choice_accumulator& whole)
{
    return whole.role().empty() || whole.role() == assistant_message::role;
}

}  // namespace

void choice_events::prepare(const chunk_choice& piece, const choice_accumulator& whole)
{
    if (!piece.delta.content || !has_parts(whole))
        return;
    const std::string text = codec::text_of(*piece.delta.content);
    if (!std::exchange(has_parts_, true)) {
        joined_parts_ = codec::text_of(*whole.message().content);
        content_told_ = joined_parts_.size();
        joined_now_ = true;
    }
    if (joined_now_)
        content_told_ -= std::min(text.size(), content_told_);
    else
        joined_parts_ += text;
}

void choice_events::add_deltas(
    const chunk_choice& piece,
    const choice_accumulator::trace& trace,
    const choice_accumulator& whole,
    event_batch& batch
)
{
    if (!is_of_assistant(whole))
        return;
    if (piece.delta.content)
        add_content_deltas(*piece.delta.content, trace.after, whole, batch);
    add_refusal_delta(view(piece.delta.refusal), trace.after, whole, batch);
    if (piece.logprobs)
        add_logprobs_deltas(*piece.logprobs, trace.after, whole, batch);
    if (calls_.add_deltas(index_, piece.delta.tool_calls, trace.calls, whole.calls(), batch))
        call_began_ = true;
    if (piece.finish_reason && !piece.finish_reason->empty())
        ended_ = true;
}

void choice_events::add_dones(const choice_accumulator& whole, event_batch& batch)
{
    const bool ended = std::exchange(ended_, false);
    const bool call_began = std::exchange(call_began_, false);
    joined_now_ = false;
    if ((!ended && !call_began) || !is_of_assistant(whole))
        return;
    add_content_done(ended, whole, batch);
    add_refusal_done(whole, batch);
    if (whole.logprobs())
        add_logprobs_dones(*whole.logprobs(), batch);
    if (ended)
        calls_.add_all_dones(index_, whole.calls(), batch);
    else
        calls_.add_dones_but_newest(index_, whole.calls(), batch);
}

void choice_events::add_content_deltas(
    const message_content& piece, const extent& after, const choice_accumulator& whole, event_batch& batch
)
{
    if (const auto* text = std::get_if<std::string>(&piece)) {
        content_told_ = has_parts_ ? content_told_ + text->size() : after.content;
        add_content_delta(*text, whole, batch);
        return;
    }
    for (const content_part& part : std::get<content_parts>(piece)) {
        if (const auto* text = std::get_if<text_part>(&part)) {
            content_told_ += text->text.size();
            add_content_delta(text->text, whole, batch);
        }
    }
}

void choice_events::add_content_delta(std::string_view delta, const choice_accumulator& whole, event_batch& batch)
{
    if (delta.empty())
        return;
    const std::string_view snapshot = text_of(whole).substr(0, content_told_);
    if (options_.parse_content && !content_done_)
        content_json_.push_rest_of(snapshot);
    batch.events.emplace_back(content_delta_event{
        .choice_index = index_,
        .delta = delta,
        .snapshot = snapshot,
        .parsed = content_json_.value(),
    });
}

void choice_events::add_refusal_delta(
    std::string_view delta, const extent& after, const choice_accumulator& whole, event_batch& batch
)
{
    if (delta.empty())
        return;
    batch.events.emplace_back(refusal_delta_event{
        .choice_index = index_,
        .delta = delta,
        .snapshot = view(whole.message().refusal).substr(0, after.refusal),
    });
}

void choice_events::add_logprobs_deltas(
    const choice_logprobs& piece, const extent& after, const choice_accumulator& whole, event_batch& batch
)
{
    if (!whole.logprobs())
        return;
    if (!piece.content.empty())
        batch.events.emplace_back(logprobs_content_delta_event{
            .choice_index = index_,
            .content = piece.content,
            .snapshot = first(whole.logprobs()->content, after.content_logprobs),
        });
    if (!piece.refusal.empty())
        batch.events.emplace_back(logprobs_refusal_delta_event{
            .choice_index = index_,
            .refusal = piece.refusal,
            .snapshot = first(whole.logprobs()->refusal, after.refusal_logprobs),
        });
}

void choice_events::add_content_done(bool ended, const choice_accumulator& whole, event_batch& batch)
{
    if (content_done_ || !whole.message().content)
        return;
    const std::string_view text = text_of(whole);
    const bool has_other = has_parts_ || !calls_.empty() || !view(whole.message().refusal).empty();
    if (text.empty() && (!ended || has_other))
        return;
    content_done_ = true;
    const boost::json::value* parsed = nullptr;
    if (options_.parse_content)
        parsed = batch.finish(std::exchange(content_json_, partial_json()));
    batch.events.emplace_back(content_done_event{.choice_index = index_, .content = text, .parsed = parsed});
}

void choice_events::add_refusal_done(const choice_accumulator& whole, event_batch& batch)
{
    const std::string_view refusal = view(whole.message().refusal);
    if (refusal.empty() || std::exchange(refusal_done_, true))
        return;
    batch.events.emplace_back(refusal_done_event{.choice_index = index_, .refusal = refusal});
}

void choice_events::add_logprobs_dones(const choice_logprobs& whole, event_batch& batch)
{
    if (!whole.content.empty() && !std::exchange(content_logprobs_done_, true))
        batch.events.emplace_back(logprobs_content_done_event{.choice_index = index_, .content = whole.content});
    if (!whole.refusal.empty() && !std::exchange(refusal_logprobs_done_, true))
        batch.events.emplace_back(logprobs_refusal_done_event{.choice_index = index_, .refusal = whole.refusal});
}

std::string_view choice_events::text_of(const choice_accumulator& whole) const
{
    const std::optional<message_content>& content = whole.message().content;
    if (has_parts_ || !content)
        return joined_parts_;
    const auto* text = std::get_if<std::string>(&*content);
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

}  // namespace dedalus::protocol
