#include "handoff/streamed_rules.hpp"

#include <dedalus/error.hpp>

#include <algorithm>
#include <memory>

namespace dedalus::handoff_core {

namespace {

constexpr std::int64_t index_limit = 256;

[[noreturn]] void fail(const char* problem)
{
    throw response_format_error(problem, 0, {}, {});
}

void take_once(std::string& known, const std::optional<std::string>& piece, const char* problem)
{
    if (!piece || piece->empty())
        return;
    if (!known.empty() && known != *piece)
        fail(problem);
    known = *piece;
}

const std::optional<std::string>& name_of(const tool_call_delta& piece)
{
    static const std::optional<std::string> none;
    if (piece.function)
        return piece.function->name;
    return piece.custom ? piece.custom->name : none;
}

bool all_finished(const chat_completion& answer)
{
    return std::ranges::all_of(answer.choices, [](const choice& each) { return each.finish_reason.has_value(); });
}

}  // namespace

void call_pieces::look(const chat_completion_chunk& chunk)
{
    if (!chunk.id.empty()) {
        if (finished_ && chunk.id != completion_id_)
            begin_segment();
        completion_id_ = chunk.id;
    }
    for (const chunk_choice& choice : chunk.choices) {
        if (choice.index != 0)
            continue;  // nothing follows it
        for (const tool_call_delta& piece : choice.delta.tool_calls)
            look(piece);
        finished_ = finished_ || (choice.finish_reason && !choice.finish_reason->empty());
    }
}

void call_pieces::look(const tool_call_delta& piece)
{
    const std::int64_t index = index_of(piece);
    const auto known = calls_.find(index);
    const bool another = known != calls_.end() && piece.id && !piece.id->empty() && !known->second.id.empty() &&
                         *piece.id != known->second.id;
    if (another && finished_)
        begin_segment();
    identity& call = calls_[index];
    take_once(call.id, piece.id, "a tool call of the stream changes its id");
    take_once(call.type, piece.type, "a tool call of the stream changes its type");
    take_once(call.name, name_of(piece), "a tool call of the stream changes its name");
}

std::int64_t call_pieces::index_of(const tool_call_delta& piece) const
{
    if (!piece.index) {
        if (calls_.size() > 1)
            fail("a piece of a tool call has no index, and there are several calls");
        return calls_.empty() ? 0 : calls_.begin()->first;
    }
    if (*piece.index < 0 || *piece.index >= index_limit)
        fail("index of a tool call out of range");
    return *piece.index;
}

void call_pieces::begin_segment()
{
    calls_.clear();
    finished_ = false;
}

void check_whole(const chat_completion& answer, bool got_end_marker)
{
    if (!got_end_marker || !all_finished(answer))
        throw incomplete_stream_error(std::make_shared<const chat_completion>(answer));
}

std::optional<chat_completion> accepted_without_end(const wire_profile& profile, const boost::system::system_error& e)
{
    const auto* incomplete = dynamic_cast<const incomplete_stream_error*>(&e);
    if (incomplete == nullptr || !profile.accept_missing_end)
        return {};
    const chat_completion& answer = incomplete->partial();
    if (answer.choices.empty() || !all_finished(answer))
        return {};
    return answer;
}

}  // namespace dedalus::handoff_core
