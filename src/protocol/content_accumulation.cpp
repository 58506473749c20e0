#include "protocol/content_accumulation.hpp"

#include "protocol/extra_members.hpp"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dedalus::protocol {

namespace json = boost::json;

namespace {

using content_parts = std::vector<content_part>;

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

void append_part(content_parts& whole, const content_part& piece, text_budget& budget)
{
    const auto* text = std::get_if<text_part>(&piece);
    auto* last = whole.empty() ? nullptr : std::get_if<text_part>(&whole.back());
    if (text != nullptr && last != nullptr) {
        budget.take(text->text.size());
        last->text += text->text;
        merge_extra(text->extra, last->extra, is_typed_member<text_part>, budget);
        return;
    }
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
