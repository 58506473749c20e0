#include <dedalus/http_headers.hpp>

#include "support/ascii.hpp"

#include <algorithm>
#include <utility>

namespace dedalus {

namespace {

auto named(std::string_view name)
{
    return [name](const http_header& field) { return support::ascii_iequals(field.name, name); };
}

}  // namespace

void http_headers::add(std::string name, std::string value)
{
    fields_.push_back({std::move(name), std::move(value)});
}

void http_headers::set(std::string name, std::string value)
{
    const auto first = std::find_if(fields_.begin(), fields_.end(), named(name));
    if (first == fields_.end()) {
        add(std::move(name), std::move(value));
        return;
    }
    fields_.erase(std::remove_if(first + 1, fields_.end(), named(name)), fields_.end());
    *first = {std::move(name), std::move(value)};
}

std::size_t http_headers::erase(std::string_view name)
{
    // A copy, because `name` may be a view of a field that is removed.
    return std::erase_if(fields_, [name = std::string(name)](const http_header& field) {
        return support::ascii_iequals(field.name, name);
    });
}

std::optional<std::string_view> http_headers::find(std::string_view name) const
{
    const auto field = std::find_if(fields_.begin(), fields_.end(), named(name));
    if (field == fields_.end())
        return std::nullopt;
    return field->value;
}

}  // namespace dedalus
