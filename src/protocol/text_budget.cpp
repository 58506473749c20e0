#include "protocol/text_budget.hpp"

#include <dedalus/error.hpp>

namespace dedalus::protocol {

namespace json = boost::json;

void text_budget::take(std::size_t bytes)
{
    if (bytes > max_bytes_ - used_bytes_)
        throw response_format_error(errc::limit_exceeded, "the accumulated text is too long", 0, {}, {});
    used_bytes_ += bytes;
}

void text_budget::exchange(std::size_t old_bytes, std::size_t new_bytes)
{
    if (new_bytes > old_bytes)
        take(new_bytes - old_bytes);
    else
        used_bytes_ -= old_bytes - new_bytes;
}

std::size_t cost_of(const json::value& value) noexcept
{
    std::size_t cost = text_budget::bytes_per_item;
    if (const auto* text = value.if_string()) {
        cost += text->size();
    }
    else if (const auto* list = value.if_array()) {
        for (const json::value& element : *list)
            cost += cost_of(element);
    }
    else if (const auto* members = value.if_object()) {
        for (const json::key_value_pair& member : *members)
            cost += member.key().size() + cost_of(member.value());
    }
    return cost;
}

}  // namespace dedalus::protocol
