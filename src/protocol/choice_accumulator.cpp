#include "protocol/choice_accumulator.hpp"

#include "protocol/content_accumulation.hpp"
#include "protocol/extra_members.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dedalus::protocol {

namespace {

void append(std::optional<std::string>& whole, const std::optional<std::string>& piece, text_budget& budget)
{
    if (!piece)
        return;
    budget.take(piece->size());
    if (whole)
        *whole += *piece;
    else
        whole = piece;
}

void append(std::vector<token_logprob>& whole, const std::vector<token_logprob>& pieces, text_budget& budget)
{
    for (const token_logprob& piece : pieces) {
        std::size_t cost = text_budget::bytes_per_item + piece.token.size();
        for (const top_logprob& top : piece.top_logprobs)
            cost += text_budget::bytes_per_item + top.token.size();
        budget.take(cost);
        whole.push_back(piece);
    }
}

std::size_t cost_of(const annotation& note) noexcept
{
    std::size_t cost = text_budget::bytes_per_item + note.type.size();
    if (note.url_citation)
        cost += note.url_citation->url.size() + note.url_citation->title.size();
    return cost;
}

std::size_t size_of(const std::optional<std::string>& text) noexcept
{
    return text ? text->size() : 0;
}

void drop_first(std::optional<std::string>& text, std::size_t count)
{
    if (size_of(text) > count)
        text->erase(0, count);
    else
        text.reset();
}

void drop_first(std::vector<token_logprob>& list, std::size_t count)
{
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count));
}

bool has_role_or_text(const message_delta& delta)
{
    const bool has_content =
        delta.content && std::visit([](const auto& content) { return !content.empty(); }, *delta.content);
    return has_content || size_of(delta.role) > 0 || size_of(delta.refusal) > 0 || size_of(delta.reasoning_content) > 0;
}

bool is_message_member(std::string_view name)
{
    return is_typed_member<message_delta, assistant_message>(name);
}

// Some providers send the whole message so far beside each delta; as an unknown member it would hide the real one.
bool is_choice_member(std::string_view name)
{
    return is_typed_member<chunk_choice, choice>(name);
}

}  // namespace

void choice_accumulator::add(const chunk_choice& piece, text_budget& budget, trace& done)
{
    began_anew_ = began_anew_ || (finish_reason_ && has_role_or_text(piece.delta));
    done.began_segment = is_call_of_next_segment(piece.delta);
    if (done.began_segment) {
        done.dropped.push_back(finished_segment());
        drop_finished_segment();
    }
    add_message(piece.delta, budget, done);
    if (piece.logprobs)
        add_logprobs(*piece.logprobs, budget);
    if (!piece.extra.empty())
        merge_extra(piece.extra, extra_, is_choice_member, budget);
    done.after = current_extent();
    if (piece.finish_reason && !piece.finish_reason->empty()) {
        finish_reason_ = piece.finish_reason;
        finished_extent_ = done.after;
        began_anew_ = false;
    }
}

choice choice_accumulator::result(std::int64_t index) const
{
    choice whole{
        .index = index,
        .message = message_,
        .finish_reason = finish_reason_,
        .logprobs = logprobs_,
        .extra = extra_,
    };
    whole.message.tool_calls = calls_.calls();
    if (!role_.empty() && role_ != assistant_message::role)
        whole.message.extra["role"] = role_;
    return whole;
}

bool choice_accumulator::is_call_of_next_segment(const message_delta& delta) const
{
    return began_anew_ && std::any_of(delta.tool_calls.begin(), delta.tool_calls.end(), [&](const auto& piece) {
               return calls_.has_new_id_at_used_index(piece);
           });
}

assistant_message choice_accumulator::finished_segment() const
{
    assistant_message segment;
    if (const std::string_view text = first_text(message_.content, finished_extent_.content); !text.empty())
        segment.content = std::string(text);
    segment.tool_calls = calls_.calls(finished_extent_.calls);
    return segment;
}

// The new segment may have begun before its first tool call shows it: what followed the finish reason stays.
void choice_accumulator::drop_finished_segment()
{
    message_ = assistant_message{
        .content = std::move(message_.content),
        .refusal = std::move(message_.refusal),
        .reasoning_content = std::move(message_.reasoning_content),
    };
    drop_first_content(message_.content, finished_extent_.content);
    drop_first(message_.refusal, finished_extent_.refusal);
    drop_first(message_.reasoning_content, finished_extent_.reasoning);
    calls_.drop_first(finished_extent_.calls);
    if (logprobs_) {
        drop_first(logprobs_->content, finished_extent_.content_logprobs);
        drop_first(logprobs_->refusal, finished_extent_.refusal_logprobs);
        if (logprobs_->content.empty() && logprobs_->refusal.empty())
            logprobs_.reset();
    }
    extra_.clear();
    finish_reason_.reset();
    finished_extent_ = {};
    began_anew_ = false;
}

choice_accumulator::extent choice_accumulator::current_extent() const
{
    return {
        .content = content_extent(message_.content),
        .refusal = size_of(message_.refusal),
        .reasoning = size_of(message_.reasoning_content),
        .calls = calls_.size(),
        .content_logprobs = logprobs_ ? logprobs_->content.size() : 0,
        .refusal_logprobs = logprobs_ ? logprobs_->refusal.size() : 0,
    };
}

void choice_accumulator::add_message(const message_delta& delta, text_budget& budget, trace& done)
{
    if (role_.empty() && delta.role) {
        budget.take(delta.role->size());
        role_ = *delta.role;
    }
    if (delta.content)
        append_content(message_.content, *delta.content, budget);
    append(message_.refusal, delta.refusal, budget);
    append(message_.reasoning_content, delta.reasoning_content, budget);
    for (const tool_call_delta& call : delta.tool_calls)
        done.calls.push_back(calls_.add(call, budget));
    if (delta.function_call)
        add_function_call(*delta.function_call, budget);
    if (delta.audio)
        add_audio(*delta.audio, budget);
    if (!delta.annotations.empty())
        add_annotations(delta.annotations, budget);
    if (!delta.extra.empty()) {
        if (const auto* name = delta.extra.if_contains("name"); name != nullptr && name->is_string())
            set_name(name->get_string(), budget);
        merge_extra(delta.extra, message_.extra, is_message_member, budget, {"reasoning", "thinking"});
    }
}

// A member of the message that the pieces of it are not documented to have.
void choice_accumulator::set_name(std::string_view name, text_budget& budget)
{
    budget.exchange(size_of(message_.name), name.size());
    message_.name.emplace(name);
}

void choice_accumulator::add_function_call(const function_call_delta& piece, text_budget& budget)
{
    if (!message_.function_call)
        message_.function_call.emplace();
    function_call& call = *message_.function_call;
    if (piece.name && !piece.name->empty()) {
        budget.exchange(call.name.size(), piece.name->size());
        call.name = *piece.name;
    }
    if (piece.arguments) {
        budget.take(piece.arguments->size());
        call.arguments += *piece.arguments;
    }
    merge_extra(piece.extra, call.extra, is_typed_member<function_call>, budget);
}

void choice_accumulator::add_audio(const audio_delta& piece, text_budget& budget)
{
    if (!message_.audio)
        message_.audio.emplace();
    answer_audio& audio = *message_.audio;
    if (piece.id && !piece.id->empty()) {
        budget.exchange(audio.id.size(), piece.id->size());
        audio.id = *piece.id;
    }
    if (piece.expires_at)
        audio.expires_at = piece.expires_at;
    append(audio.data, piece.data, budget);
    append(audio.transcript, piece.transcript, budget);
    merge_extra(piece.extra, audio.extra, is_typed_member<answer_audio>, budget);
}

// Some providers send each annotation once, some the whole list again and again.
void choice_accumulator::add_annotations(const std::vector<annotation>& pieces, text_budget& budget)
{
    std::vector<annotation>& whole = message_.annotations;
    const bool repeats_whole = pieces.size() >= whole.size() && std::equal(whole.begin(), whole.end(), pieces.begin());
    for (std::size_t i = repeats_whole ? whole.size() : 0; i < pieces.size(); ++i) {
        budget.take(cost_of(pieces[i]));
        whole.push_back(pieces[i]);
    }
}

void choice_accumulator::add_logprobs(const choice_logprobs& piece, text_budget& budget)
{
    if (!logprobs_)
        logprobs_.emplace();
    append(logprobs_->content, piece.content, budget);
    append(logprobs_->refusal, piece.refusal, budget);
    merge_extra(piece.extra, logprobs_->extra, is_typed_member<choice_logprobs>, budget);
}

}  // namespace dedalus::protocol
