#include "protocol/content_accumulation.hpp"

#include "protocol/extra_members.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dedalus::protocol {

namespace json = boost::json;

namespace {

using content_parts = std::vector<content_part>;

constexpr std::string_view thinking = "thinking";

bool is_thinking_member(std::string_view name)
{
    return name == "type" || name == thinking;
}

std::size_t size_of(const std::optional<std::string>& text) noexcept
{
    return text ? text->size() : 0;
}

struct part_cost
{
    std::size_t operator()(const text_part& part) const noexcept { return part.text.size(); }

    std::size_t operator()(const image_part& part) const noexcept { return part.image_url.url.size(); }

    std::size_t operator()(const audio_part& part) const noexcept { return part.input_audio.data.size(); }

    std::size_t operator()(const refusal_part& part) const noexcept { return part.refusal.size(); }

    std::size_t operator()(const file_part& part) const noexcept
    {
        return size_of(part.file.filename) + size_of(part.file.file_data) + size_of(part.file.file_id);
    }

    std::size_t operator()(const json::object& part) const noexcept
    {
        std::size_t cost = 0;
        for (const json::key_value_pair& member : part)
            cost += member.key().size() + cost_of(member.value());
        return cost;
    }
};

bool join(text_part& whole, const text_part& piece, text_budget& budget)
{
    budget.take(piece.text.size());
    whole.text += piece.text;
    merge_extra(piece.extra, whole.extra, is_typed_member<text_part>, budget);
    return true;
}

bool join(refusal_part& whole, const refusal_part& piece, text_budget& budget)
{
    budget.take(piece.refusal.size());
    whole.refusal += piece.refusal;
    merge_extra(piece.extra, whole.extra, is_typed_member<refusal_part>, budget);
    return true;
}

// The list inside a part {"type":"thinking","thinking":[...]}; null for any other part.
template <class Object>
auto* thoughts_of(Object& part)
{
    auto* const type = part.if_contains("type");
    auto* const thoughts = part.if_contains(thinking);
    const bool is_thinking = type != nullptr && type->is_string() && type->get_string() == thinking;
    return is_thinking && thoughts != nullptr ? thoughts->if_array() : nullptr;
}

bool join(json::object& whole, const json::object& piece, text_budget& budget)
{
    json::array* const thoughts = thoughts_of(whole);
    const json::array* const more = thoughts_of(piece);
    if (thoughts == nullptr || more == nullptr)
        return false;
    for (const json::value& thought : *more) {
        budget.take(cost_of(thought));
        thoughts->push_back(thought);
    }
    merge_extra(piece, whole, is_thinking_member, budget);
    return true;
}

template <class Part>
bool join(Part&, const Part&, text_budget&)
{
    return false;
}

// Whether the piece only goes on with the part before it.
bool join_last(content_parts& whole, const content_part& piece, text_budget& budget)
{
    if (whole.empty() || whole.back().index() != piece.index())
        return false;
    return std::visit(
        [&]<class Part>(const Part& part) { return join(std::get<Part>(whole.back()), part, budget); }, piece
    );
}

void append_part(content_parts& whole, const content_part& piece, text_budget& budget)
{
    if (join_last(whole, piece, budget))
        return;
    budget.take(text_budget::bytes_per_item + std::visit(part_cost{}, piece));
    whole.push_back(piece);
}

content_parts& become_parts(message_content& content)
{
    if (auto* text = std::get_if<std::string>(&content)) {
        content_parts parts;
        if (!text->empty())
            parts.emplace_back(text_part{.text = std::move(*text)});
        content = std::move(parts);
    }
    return std::get<content_parts>(content);
}

}  // namespace

void append_content(std::optional<message_content>& whole, const message_content& piece, text_budget& budget)
{
    if (const auto* text = std::get_if<std::string>(&piece)) {
        if (!whole)
            whole.emplace();
        if (auto* whole_text = std::get_if<std::string>(&*whole)) {
            budget.take(text->size());
            *whole_text += *text;
        }
        else if (!text->empty()) {
            append_part(std::get<content_parts>(*whole), text_part{.text = *text}, budget);
        }
        return;
    }
    const content_parts& pieces = std::get<content_parts>(piece);
    if (pieces.empty())
        return;
    if (!whole)
        whole.emplace();
    content_parts& parts = become_parts(*whole);
    for (const content_part& part : pieces)
        append_part(parts, part, budget);
}

std::size_t content_extent(const std::optional<message_content>& content) noexcept
{
    if (!content)
        return 0;
    if (const auto* text = std::get_if<std::string>(&*content))
        return text->size();
    return std::get<content_parts>(*content).size();
}

void drop_first_content(std::optional<message_content>& content, std::size_t extent)
{
    if (content_extent(content) <= extent) {
        content.reset();
        return;
    }
    if (auto* text = std::get_if<std::string>(&*content)) {
        text->erase(0, extent);
        return;
    }
    auto& parts = std::get<content_parts>(*content);
    parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(extent));
}

}  // namespace dedalus::protocol
