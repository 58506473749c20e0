#include "protocol/content_accumulation.hpp"

#include "protocol/extra_members.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dedalus::protocol {

namespace json = boost::json;

namespace {

using content_parts = std::vector<content_part>;

std::size_t length_of(const std::optional<std::string>& text) noexcept
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
        return length_of(part.file.filename) + length_of(part.file.file_data) + length_of(part.file.file_id);
    }

    std::size_t operator()(const document_url_part& part) const noexcept
    {
        return part.document_url.size() + length_of(part.document_name);
    }

    std::size_t operator()(const reference_part& part) const noexcept
    {
        return part.reference_ids.size() * sizeof(std::int64_t);
    }

    std::size_t operator()(const thinking_part& part) const noexcept
    {
        std::size_t cost = 0;
        for (const thought_part& thought : part.thinking)
            cost += text_budget::bytes_per_item + std::visit(*this, thought);
        return cost;
    }

    std::size_t operator()(const json::object& part) const noexcept
    {
        std::size_t cost = 0;
        for (const json::key_value_pair& member : part)
            cost += member.key().size() + protocol::cost_of(member.value());
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

template <class Part>
bool join(Part&, const Part&, text_budget&)
{
    return false;
}

bool join(thinking_part& whole, const thinking_part& piece, text_budget& budget);

// Whether the piece only goes on with the part before it.
template <class Variant>
bool join_last(std::vector<Variant>& whole, const Variant& piece, text_budget& budget)
{
    if (whole.empty() || whole.back().index() != piece.index())
        return false;
    return std::visit(
        [&]<class Part>(const Part& part) { return join(std::get<Part>(whole.back()), part, budget); }, piece
    );
}

template <class Variant>
void append_part(std::vector<Variant>& whole, const Variant& piece, text_budget& budget)
{
    if (join_last(whole, piece, budget))
        return;
    budget.take(text_budget::bytes_per_item + std::visit(part_cost{}, piece));
    whole.push_back(piece);
}

bool join(thinking_part& whole, const thinking_part& piece, text_budget& budget)
{
    for (const thought_part& thought : piece.thinking)
        append_part(whole.thinking, thought, budget);
    if (piece.closed)
        whole.closed = piece.closed;
    merge_extra(piece.extra, whole.extra, is_typed_member<thinking_part>, budget);
    return true;
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
            append_part(std::get<content_parts>(*whole), content_part(text_part{.text = *text}), budget);
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

std::string_view first_text(const std::optional<message_content>& content, std::size_t extent) noexcept
{
    const auto* text = content ? std::get_if<std::string>(&*content) : nullptr;
    return text == nullptr ? std::string_view() : std::string_view(*text).substr(0, extent);
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
