#include "testing/validation_report.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

constexpr std::size_t max_echoed_bytes = 2048;

/// What the client sent, unless it is so large that nobody would read it.
json::value echo(const json::value& input)
{
    return json::serialize(input).size() <= max_echoed_bytes ? input : json::value(nullptr);
}

}  // namespace

json::array location::path() const
{
    json::array steps = parent_ != nullptr ? parent_->path() : json::array();
    if (const auto* key = std::get_if<std::string_view>(&step_))
        steps.emplace_back(*key);
    else
        steps.emplace_back(std::get<std::size_t>(step_));
    return steps;
}

void validation_report::add(const location& where, std::string_view type, std::string message, const json::value& input)
{
    if (items_.size() >= max_items)
        return;
    json::object item;
    item["type"] = type;
    item["loc"] = where.path();
    item["msg"] = std::move(message);
    item["input"] = echo(input);
    items_.push_back(std::move(item));
}

}  // namespace dedalus::testing
