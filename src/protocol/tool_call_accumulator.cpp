#include "protocol/tool_call_accumulator.hpp"

#include <dedalus/error.hpp>

#include "protocol/extra_members.hpp"

#include <algorithm>
#include <utility>

namespace dedalus::protocol {

namespace json = boost::json;

namespace {

std::string_view text_of(const std::optional<std::string>& text) noexcept
{
    return text ? std::string_view(*text) : std::string_view();
}

std::string_view name_of(const tool_call_delta& piece) noexcept
{
    if (piece.function)
        return text_of(piece.function->name);
    if (piece.custom)
        return text_of(piece.custom->name);
    return {};
}

void append(std::string& whole, const std::optional<std::string>& piece, text_budget& budget)
{
    if (piece) {
        budget.take(piece->size());
        whole += *piece;
    }
}

void replace_by_non_empty(std::string& whole, std::string_view value, text_budget& budget)
{
    if (value.empty() || value == whole)
        return;
    budget.exchange(whole.size(), value.size());
    whole = value;
}

void set_once(std::string& whole, std::string_view value, text_budget& budget)
{
    if (whole.empty())
        replace_by_non_empty(whole, value, budget);
}

}  // namespace

tool_call_accumulator::trace tool_call_accumulator::add(const tool_call_delta& piece, text_budget& budget)
{
    open_call& call = find_or_begin(piece);
    set_once(call.id, text_of(piece.id), budget);
    set_once(call.type, text_of(piece.type), budget);
    if (piece.function) {
        call.has_function = true;
        replace_by_non_empty(call.name, text_of(piece.function->name), budget);
        append(call.text, piece.function->arguments, budget);
        merge_extra(piece.function->extra, call.body_extra, is_typed_member<function_call_delta>, budget);
    }
    if (piece.custom) {
        call.has_custom = true;
        replace_by_non_empty(call.name, text_of(piece.custom->name), budget);
        append(call.text, piece.custom->input, budget);
        merge_extra(piece.custom->extra, call.body_extra, is_typed_member<custom_call_delta>, budget);
    }
    if (const std::string_view signature = text_of(piece.thought_signature); !signature.empty()) {
        if (!call.thought_signature)
            call.thought_signature.emplace();
        replace_by_non_empty(*call.thought_signature, signature, budget);
    }
    merge_extra(piece.extra, call.extra, is_typed_member<tool_call_delta>, budget);
    return {.call = call.number, .text_size = call.text.size()};
}

std::optional<tool_call_accumulator::call_view> tool_call_accumulator::find(std::size_t call) const
{
    const auto found =
        std::find_if(calls_.begin(), calls_.end(), [call](const open_call& each) { return each.number == call; });
    if (found == calls_.end())
        return std::nullopt;
    return call_view{
        .index = found->index,
        .id = found->id,
        .name = found->name,
        .text = found->text,
        .is_function = found->has_function && !found->is_custom() && !found->is_unknown(),
    };
}

bool tool_call_accumulator::has_new_id_at_used_index(const tool_call_delta& piece) const
{
    const std::string_view id = text_of(piece.id);
    if (!piece.index || id.empty())
        return false;
    const std::int64_t index = std::max<std::int64_t>(*piece.index, 0);
    bool used = false;
    for (const open_call& call : calls_) {
        if (call.index != index || call.id.empty())
            continue;
        if (call.id == id)
            return false;
        used = true;
    }
    return used;
}

void tool_call_accumulator::drop_first(std::size_t count)
{
    calls_.erase(calls_.begin(), calls_.begin() + static_cast<std::ptrdiff_t>(count));
    open_ = calls_.empty() ? 0 : calls_.size() - 1;
}

std::vector<tool_call> tool_call_accumulator::calls(std::size_t count) const
{
    std::vector<const open_call*> ordered;
    ordered.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        ordered.push_back(&calls_[i]);
    std::stable_sort(ordered.begin(), ordered.end(), [](const open_call* a, const open_call* b) {
        return a->index < b->index;
    });

    std::vector<tool_call> result;
    result.reserve(ordered.size());
    for (const open_call* call : ordered)
        result.push_back(finished_call(*call));
    return result;
}

tool_call_accumulator::open_call& tool_call_accumulator::find_or_begin(const tool_call_delta& piece)
{
    const std::string id(text_of(piece.id));
    open_call& call =
        piece.index ? at_index(std::max<std::int64_t>(*piece.index, 0), id) : without_index(id, name_of(piece));
    open_ = static_cast<std::size_t>(&call - calls_.data());
    return call;
}

tool_call_accumulator::open_call& tool_call_accumulator::begin_at(std::int64_t index)
{
    if (index > max_index || calls_.size() == max_calls)
        throw response_format_error(errc::limit_exceeded, "too many tool calls", 0, {}, {});
    open_call& call = calls_.emplace_back();
    call.number = begun_++;
    call.index = index;
    return call;
}

tool_call_accumulator::open_call& tool_call_accumulator::at_index(std::int64_t index, const std::string& id)
{
    if (id.empty() && open_ < calls_.size() && calls_[open_].index == index)
        return calls_[open_];
    open_call* newest_that_fits = nullptr;
    for (open_call& call : calls_) {
        if (call.index != index)
            continue;
        if (!id.empty() && call.id == id)
            return call;
        if (id.empty() || call.id.empty())
            newest_that_fits = &call;
    }
    return newest_that_fits != nullptr ? *newest_that_fits : begin_at(index);
}

tool_call_accumulator::open_call& tool_call_accumulator::without_index(const std::string& id, std::string_view name)
{
    std::int64_t next_free = 0;
    for (open_call& call : calls_) {
        if (!id.empty() && call.id == id)
            return call;
        next_free = std::max(next_free, call.index + 1);
    }
    if (calls_.empty())
        return begin_at(next_free);

    open_call& open = calls_[open_];
    const bool another_id = !id.empty() && !open.id.empty();
    const bool another_name = !name.empty() && !open.name.empty() && (open.id.empty() || name != open.name);
    return another_id || another_name ? begin_at(next_free) : open;
}

bool tool_call_accumulator::open_call::is_custom() const
{
    return type == custom_tool_call::type || (type.empty() && has_custom);
}

bool tool_call_accumulator::open_call::is_unknown() const
{
    return !is_custom() && !type.empty() && type != function_tool_call::type;
}

// A call of a type that this version does not know stays JSON, as in a unary answer.
json::object tool_call_accumulator::unknown_call(const open_call& call)
{
    json::object result;
    result["id"] = call.id;
    result["type"] = call.type;
    if (call.has_function || call.has_custom) {
        json::object body = call.body_extra;
        body["name"] = call.name;
        body[call.has_function ? "arguments" : "input"] = call.text;
        result[call.has_function ? "function" : "custom"] = std::move(body);
    }
    if (call.thought_signature)
        result["thought_signature"] = *call.thought_signature;
    for (const json::key_value_pair& member : call.extra)
        result.emplace(member.key(), member.value());
    return result;
}

tool_call tool_call_accumulator::finished_call(const open_call& call)
{
    if (call.is_unknown())
        return unknown_call(call);
    if (!call.is_custom())
        return function_tool_call{
            .id = call.id,
            .function = {.name = call.name, .arguments = call.text, .extra = call.body_extra},
            .thought_signature = call.thought_signature,
            .extra = call.extra,
        };
    custom_tool_call result{
        .id = call.id,
        .custom = {.name = call.name, .input = call.text, .extra = call.body_extra},
        .extra = call.extra,
    };
    if (call.thought_signature)
        result.extra["thought_signature"] = *call.thought_signature;
    return result;
}

}  // namespace dedalus::protocol
