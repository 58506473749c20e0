#include <dedalus/chat/accumulator.hpp>
#include <dedalus/error.hpp>

#include "protocol/accumulator_access.hpp"
#include "protocol/choice_accumulator.hpp"
#include "protocol/extra_members.hpp"
#include "protocol/text_budget.hpp"
#include "protocol/tool_call_accumulator.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dedalus {

namespace json = boost::json;

namespace {

constexpr std::int64_t max_choice_index = 127;

template <class Type, class Optional>
void take_last(std::optional<Type>& whole, const Optional& piece)
{
    if (piece)
        whole = *piece;
}

// An explicit empty list is a value, too; it is told from absence by where reading has put it.
bool says_empty(const chat_completion_chunk& chunk, std::string_view member)
{
    const json::value* value = chunk.extra.empty() ? nullptr : chunk.extra.if_contains(member);
    return value != nullptr && value->is_array() && value->get_array().empty();
}

template <class Type>
void take_last(
    std::vector<Type>& whole,
    const std::vector<Type>& piece,
    const chat_completion_chunk& chunk,
    std::string_view member
)
{
    if (!piece.empty() || says_empty(chunk, member))
        whole = piece;
}

// A chunk that cannot be placed is refused before any of it is merged.
void check_indices(const chat_completion_chunk& chunk)
{
    for (const chunk_choice& choice : chunk.choices) {
        if (choice.index < 0 || choice.index > max_choice_index)
            throw response_format_error("index of a choice out of range", 0, {}, {});
        for (const tool_call_delta& call : choice.delta.tool_calls) {
            if (call.index && *call.index > protocol::tool_call_accumulator::max_index)
                throw response_format_error("index of a tool call out of range", 0, {}, {});
        }
    }
}

bool is_control_message(const chat_completion_chunk& chunk)
{
    return chunk.choices.empty() && chunk.object != "chat.completion.chunk" &&
           (chunk.x_dedalus_event || chunk.dedalus_event);
}

bool has_text(const std::optional<std::string>& text)
{
    return text && !text->empty();
}

bool has_content(const std::optional<message_content>& content)
{
    return content && std::visit([](const auto& value) { return !value.empty(); }, *content);
}

// A role or a finish reason alone does not count: servers repeat them.
bool has_answer(const chunk_choice& choice)
{
    const message_delta& delta = choice.delta;
    return has_content(delta.content) || has_text(delta.refusal) || has_text(delta.reasoning_content) ||
           !delta.tool_calls.empty() || delta.function_call || delta.audio;
}

// Padding and events belong to the chunk that brought them, not to the answer.
bool is_chunk_member(std::string_view name)
{
    return protocol::is_typed_member<chat_completion_chunk, chat_completion>(name);
}

}  // namespace

class chat_completion_accumulator::impl
{
public:
    explicit impl(std::size_t max_bytes) : budget_(max_bytes) {}

    void add(const chat_completion_chunk& chunk)
    {
        trace_.began_answer = false;
        trace_.choices.clear();
        check_indices(chunk);
        take_last(whole_.usage, chunk.usage);
        add_handoff_members(chunk);
        if (is_control_message(chunk))
            return;
        add_identity(chunk);
        take_last(whole_.system_fingerprint, chunk.system_fingerprint);
        take_last(whole_.service_tier, chunk.service_tier);
        if (!chunk.extra.empty())
            protocol::merge_extra(chunk.extra, whole_.extra, is_chunk_member, budget_);
        for (const chunk_choice& choice : chunk.choices) {
            protocol::choice_accumulator::trace& done = trace_.choices.emplace_back();
            choices_[choice.index].add(choice, budget_, done);
            if (choice.index == 0)
                std::ranges::move(done.dropped, std::back_inserter(earlier_));
        }
    }

    const std::vector<assistant_message>& earlier_messages() const noexcept { return earlier_; }

    bool finished() const noexcept
    {
        return !choices_.empty() &&
               std::all_of(choices_.begin(), choices_.end(), [](const auto& entry) { return entry.second.finished(); });
    }

    const protocol::chunk_trace& trace() const noexcept { return trace_; }

    const protocol::choice_accumulator* choice_at(std::int64_t index) const
    {
        const auto found = choices_.find(index);
        return found == choices_.end() ? nullptr : &found->second;
    }

    chat_completion completion() const
    {
        chat_completion result = whole_;
        result.object = "chat.completion";
        result.choices.reserve(choices_.size());
        for (const auto& [index, choice] : choices_)
            result.choices.push_back(choice.result(index));
        return result;
    }

private:
    void add_handoff_members(const chat_completion_chunk& chunk)
    {
        take_last(whole_.tools_executed, chunk.tools_executed, chunk, "tools_executed");
        take_last(whole_.mcp_tool_results, chunk.mcp_tool_results, chunk, "mcp_tool_results");
        take_last(whole_.correlation_id, chunk.correlation_id);
        take_last(whole_.pending_tools, chunk.pending_tools, chunk, "pending_tools");
        take_last(whole_.turns_consumed, chunk.turns_consumed);
        if (!chunk.deferred.empty() || says_empty(chunk, "deferred")) {
            whole_.deferred = chunk.deferred;
            whole_.deferred_raw = chunk.deferred_raw;
        }
        for (const auto& [server, error] : chunk.mcp_server_errors)
            add_server_error(server, error);
        if (chunk.server_results) {
            if (!whole_.server_results)
                whole_.server_results.emplace();
            for (const json::key_value_pair& result : *chunk.server_results) {
                protocol::set_member(*whole_.server_results, result.key(), result.value(), budget_);
                set_raw_result(chunk, result.key());
            }
        }
    }

    // The bytes always belong to the value beside them.
    void set_raw_result(const chat_completion_chunk& chunk, std::string_view call_id)
    {
        auto& all = whole_.server_results_raw;
        const auto raw = chunk.server_results_raw.find(call_id);
        const auto old = all.find(call_id);
        const std::size_t old_bytes = old == all.end() ? 0 : old->second.size();
        if (raw != chunk.server_results_raw.end()) {
            budget_.exchange(old_bytes, raw->second.size());
            all.insert_or_assign(raw->first, raw->second);
        }
        else if (old != all.end()) {
            budget_.exchange(old_bytes, 0);
            all.erase(old);
        }
    }

    void add_server_error(const std::string& server, const mcp_server_error& error)
    {
        const auto old = whole_.mcp_server_errors.find(server);
        if (old == whole_.mcp_server_errors.end())
            budget_.take(protocol::text_budget::bytes_per_item + server.size() + error.message.size());
        else
            budget_.exchange(old->second.message.size(), error.message.size());
        whole_.mcp_server_errors.insert_or_assign(server, error);
    }

    void add_identity(const chat_completion_chunk& chunk)
    {
        const bool another_id = !chunk.id.empty() && !whole_.id.empty() && chunk.id != whole_.id;
        if (another_id && !finished())
            ids_vary_ = true;
        const bool new_segment = another_id && !ids_vary_ && finished() && goes_on(chunk);
        if (new_segment) {
            if (const auto first = choices_.find(0); first != choices_.end())
                earlier_.push_back(first->second.result(0).message);
            choices_.clear();
        }
        trace_.began_answer = new_segment;
        if (!chunk.id.empty() && (new_segment || whole_.id.empty()))
            whole_.id = chunk.id;
        if (chunk.created != 0 && (new_segment || whole_.created == 0))
            whole_.created = chunk.created;
        if (!chunk.model.empty() && (new_segment || whole_.model.empty()))
            whole_.model = chunk.model;
    }

    // Whether the chunk adds to a choice that there is already. One that begins another choice is of the same answer.
    bool goes_on(const chat_completion_chunk& chunk) const
    {
        return std::any_of(chunk.choices.begin(), chunk.choices.end(), [this](const chunk_choice& choice) {
            return choices_.contains(choice.index) && has_answer(choice);
        });
    }

    protocol::text_budget budget_;
    chat_completion whole_{};  // without choices
    std::map<std::int64_t, protocol::choice_accumulator> choices_{};
    std::vector<assistant_message> earlier_{};
    protocol::chunk_trace trace_{};
    bool ids_vary_ = false;  // within one answer: then a change of the id does not tell answers apart
};

chat_completion_accumulator::chat_completion_accumulator(std::size_t max_bytes)
    : impl_(std::make_unique<impl>(max_bytes))
{}

chat_completion_accumulator::~chat_completion_accumulator() = default;
chat_completion_accumulator::chat_completion_accumulator(chat_completion_accumulator&&) noexcept = default;
chat_completion_accumulator& chat_completion_accumulator::operator=(chat_completion_accumulator&&) noexcept = default;

void chat_completion_accumulator::add(const chat_completion_chunk& chunk)
{
    impl_->add(chunk);
}

bool chat_completion_accumulator::finished() const noexcept
{
    return impl_->finished();
}

chat_completion chat_completion_accumulator::completion() const
{
    return impl_->completion();
}

const std::vector<assistant_message>& chat_completion_accumulator::earlier_messages() const noexcept
{
    return impl_->earlier_messages();
}

const protocol::chunk_trace& protocol::accumulator_access::trace(const chat_completion_accumulator& accumulator)
{
    return accumulator.impl_->trace();
}

const protocol::choice_accumulator*
protocol::accumulator_access::choice(const chat_completion_accumulator& accumulator, std::int64_t index)
{
    return accumulator.impl_->choice_at(index);
}

}  // namespace dedalus
