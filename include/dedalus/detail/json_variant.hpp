#pragma once

#include <dedalus/config.hpp>
#include <dedalus/detail/json_check.hpp>
#include <dedalus/detail/json_path.hpp>
#include <dedalus/detail/json_shape.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <variant>

namespace dedalus::detail {

/// How deep could_be() looks when it chooses the alternative of a variant. Reading each alternative until one fits
/// would cost exponential time on variants inside variants.
inline constexpr int variant_look_ahead = 2;

/// The words of a described enumeration.
template <class T>
constexpr auto words_of() noexcept
{
    return []<template <class...> class List, class... Enumerators>(List<Enumerators...>) {
        return std::array<std::string_view, sizeof...(Enumerators)>{Enumerators::name...};
    }(boost::describe::describe_enumerators<T>());
}

/// The names of the members of a described struct.
template <class T>
constexpr auto names_of() noexcept
{
    return []<template <class...> class List, class... Members>(List<Members...>) {
        return std::array<std::string_view, sizeof...(Members)>{Members::name...};
    }(members_of<T>());
}

/// Whether the JSON may be a T, as far as `levels` of structs inside tell. 0: only the kind of JSON is looked at.
template <class T>
bool could_be(const boost::json::value& json, int levels);

template <class T>
bool could_be_record(const boost::json::value& json, int levels)
{
    const boost::json::object* object = json.if_object();
    if (object == nullptr || levels == 0)
        return object != nullptr;
    std::size_t known = 0;
    bool fits = true;
    boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
        using type = member_type_of<decltype(member)>;
        const boost::json::value* found = object->if_contains(member.name);
        if (found == nullptr)
            fits = fits && shape_of<type>() == json_shape::optional;
        else
            fits = fits && could_be<type>(*found, levels - 1);
        known += found != nullptr ? 1 : 0;
    });
    return fits && known == object->size();
}

template <class... Ts>
bool could_be_any(const boost::json::value& json, int levels, const std::variant<Ts...>*)
{
    return (could_be<Ts>(json, levels) || ...);
}

template <class T>
bool could_be(const boost::json::value& json, int levels)
{
    constexpr json_shape shape = shape_in_json<T>();
    if constexpr (shape == json_shape::record) {
        return could_be_record<T>(json, levels);
    }
    else if constexpr (shape == json_shape::word) {
        constexpr auto words = words_of<T>();
        return json.is_string() && (levels == 0 || is_word(json, words));
    }
    else if constexpr (shape == json_shape::integer) {
        constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
        return json.is_number() && (levels == 0 || is_integer(json, std::is_signed_v<T>, largest));
    }
    else if constexpr (shape == json_shape::optional) {
        return json.is_null() || could_be<typename T::value_type>(json, levels);
    }
    else if constexpr (shape == json_shape::variant) {
        return could_be_any(json, levels, static_cast<const T*>(nullptr));
    }
    else if constexpr (shape == json_shape::list || shape == json_shape::fixed_list) {
        const boost::json::array* array = json.if_array();
        return array != nullptr &&
               (levels == 0 || array->empty() || could_be<typename T::value_type>(array->front(), levels));
    }
    else {
        return is_kind(json, shape);
    }
}

}  // namespace dedalus::detail
