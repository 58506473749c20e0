#pragma once

#include <boost/json/value.hpp>

#include <cmath>
#include <cstdint>

namespace test {

/// The JSON with whole numbers as integers: Boost.JSON holds 1 and 1.0 to be different, JSON does not.
inline boost::json::value plain_numbers(boost::json::value json)
{
    if (json.is_double() && std::trunc(json.get_double()) == json.get_double() && std::abs(json.get_double()) < 9e15)
        return static_cast<std::int64_t>(json.get_double());
    if (auto* list = json.if_array()) {
        for (boost::json::value& element : *list)
            element = plain_numbers(element);
    }
    if (auto* object = json.if_object()) {
        for (boost::json::key_value_pair& member : *object)
            member.value() = plain_numbers(member.value());
    }
    return json;
}

}  // namespace test
