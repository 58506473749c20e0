#pragma once

#include "codec/describe_messages.hpp"
#include "codec/describe_tools.hpp"
#include "protocol/text_budget.hpp"

#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/json/object.hpp>
#include <boost/mp11/algorithm.hpp>

#include <initializer_list>
#include <string_view>

namespace dedalus::protocol {

/// Whether one of the described types has a member of this name.
template <class... Types>
bool is_typed_member(std::string_view name)
{
    bool found = false;
    const auto search = [&]<class Type>() {
        boost::mp11::mp_for_each<boost::describe::describe_members<Type, boost::describe::mod_public>>(
            [&](auto member) { found = found || name == member.name; }
        );
    };
    (search.template operator()<Types>(), ...);
    return found;
}

/// Merges the members that a piece of an answer has beside the typed ones: the last value of a name stays, strings
/// named in `appended` are added up. Nulls say nothing and are not taken. `is_typed` names what the types of both sides
/// hold themselves: a null or an empty list of such a member, kept in the `extra` of a piece, means nothing in the
/// whole.
void merge_extra(
    const boost::json::object& from,
    boost::json::object& to,
    bool (*is_typed)(std::string_view),
    text_budget& budget,
    std::initializer_list<std::string_view> appended = {}
);

/// Sets a member, whatever its value, keeping the budget.
void set_member(
    boost::json::object& members, std::string_view name, const boost::json::value& value, text_budget& budget
);

}  // namespace dedalus::protocol
