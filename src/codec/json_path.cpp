#include <dedalus/detail/json_path.hpp>

#include "support/ascii.hpp"

#include <algorithm>

namespace dedalus::detail {

namespace {

constexpr std::size_t max_shown_name_bytes = 64;

bool is_word(std::string_view name) noexcept
{
    return !name.empty() && name.size() <= max_shown_name_bytes && std::all_of(name.begin(), name.end(), [](char c) {
        return support::ascii_is_alnum(c) || c == '_' || c == '-';
    });
}

}  // namespace

std::string json_path::text() const
{
    std::string text;
    append_to(text);
    return text;
}

void json_path::append_to(std::string& text) const
{
    if (parent_ == nullptr)
        return;
    parent_->append_to(text);
    if (is_index_)
        text.append("[").append(std::to_string(index_)).append("]");
    else if (!is_word(member_))
        text.append("[\"?\"]");
    else
        text.append(text.empty() ? "" : ".").append(member_);
}

}  // namespace dedalus::detail
