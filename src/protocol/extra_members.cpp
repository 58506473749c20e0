#include "protocol/extra_members.hpp"

#include <algorithm>

namespace dedalus::protocol {

namespace json = boost::json;

void merge_extra(
    const json::object& from,
    json::object& to,
    bool (*is_typed)(std::string_view),
    text_budget& budget,
    std::initializer_list<std::string_view> appended
)
{
    for (const json::key_value_pair& member : from) {
        const std::string_view name = member.key();
        const json::value& value = member.value();
        if (value.is_null() || is_typed(name))
            continue;
        if (value.is_string() && std::find(appended.begin(), appended.end(), name) != appended.end()) {
            json::value* const whole = to.if_contains(name);
            if (whole != nullptr && whole->is_string()) {
                budget.take(value.get_string().size());
                whole->get_string().append(value.get_string());
                continue;
            }
        }
        set_member(to, name, value, budget);
    }
}

void set_member(json::object& members, std::string_view name, const json::value& value, text_budget& budget)
{
    json::value* const old = members.if_contains(name);
    if (old == nullptr) {
        budget.take(name.size() + cost_of(value));
        members.emplace(name, value);
        return;
    }
    budget.exchange(cost_of(*old), cost_of(value));
    *old = value;
}

}  // namespace dedalus::protocol
