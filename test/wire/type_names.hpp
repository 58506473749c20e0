#pragma once

#include <dedalus/json.hpp>

#include "codec/wire_types.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dedalus::wire_table {

// The name of a wire struct or of a union of them; "" for other types.
template <class T>
inline constexpr std::string_view declared_name{};

#define DEDALUS_NAME_WIRE_TYPE(type)                                                                                   \
    template <>                                                                                                        \
    inline constexpr std::string_view declared_name<dedalus::type> = #type;
DEDALUS_WIRE_MESSAGE_STRUCTS(DEDALUS_NAME_WIRE_TYPE)
DEDALUS_WIRE_TOOL_STRUCTS(DEDALUS_NAME_WIRE_TYPE)
DEDALUS_WIRE_REQUEST_STRUCTS(DEDALUS_NAME_WIRE_TYPE)
DEDALUS_WIRE_ANSWER_STRUCTS(DEDALUS_NAME_WIRE_TYPE)
DEDALUS_WIRE_MESSAGE_VARIANTS(DEDALUS_NAME_WIRE_TYPE)
DEDALUS_WIRE_TOOL_VARIANTS(DEDALUS_NAME_WIRE_TYPE)
DEDALUS_WIRE_REQUEST_VARIANTS(DEDALUS_NAME_WIRE_TYPE)
#undef DEDALUS_NAME_WIRE_TYPE

/// The type in words of JSON.
template <class T>
struct type_name;

/// The alternatives of a union, with " | " between them.
template <class... Ts>
std::string alternatives_of(const std::variant<Ts...>*)
{
    std::string text;
    ((text.append(text.empty() ? "" : " | ").append(type_name<Ts>::text())), ...);
    return text;
}

// A union that keeps objects it does not know goes by its name; other unions are spelled out.
template <class T>
inline constexpr bool is_open_union = false;
template <class... Ts>
inline constexpr bool is_open_union<std::variant<Ts...>> = (std::same_as<Ts, boost::json::object> || ...) &&
                                                           (wire_struct<Ts> || ...);

template <class T>
struct type_name
{
    static std::string text()
    {
        if constexpr (std::same_as<T, bool>)
            return "bool";
        else if constexpr (std::same_as<T, std::int64_t>)
            return "int";
        else if constexpr (std::same_as<T, double>)
            return "number";
        else if constexpr (std::same_as<T, std::string> || wire_enum<T>)
            return "string";
        else if constexpr (std::same_as<T, boost::json::object>)
            return "object";
        else if constexpr (std::same_as<T, boost::json::value>)
            return "any";
        else if constexpr (wire_struct<T>)
            return std::string(declared_name<T>);
        else if constexpr (is_open_union<T>)
            return std::string(declared_name<T>);
        else
            return alternatives_of(static_cast<const T*>(nullptr));
    }
};

template <class T>
struct type_name<std::optional<T>> : type_name<T>
{};

template <class T>
struct type_name<boxed_optional<T>> : type_name<T>
{};

template <class T>
struct type_name<std::vector<T>>
{
    static std::string text() { return "[" + type_name<T>::text() + "]"; }
};

template <class T>
struct type_name<std::map<std::string, T, std::less<>>>
{
    static std::string text() { return "map<" + type_name<T>::text() + ">"; }
};

}  // namespace dedalus::wire_table
