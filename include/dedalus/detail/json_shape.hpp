#pragma once

#include <dedalus/json.hpp>
#include <dedalus/schema/annotation.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/json/array.hpp>
#include <boost/json/conversion.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace dedalus::detail {

/// How a C++ type stands in JSON: the one classification that schema, reader and writer go by.
enum class json_shape
{
    none,  ///< not at all
    boolean,
    integer,
    number,
    text,
    null,
    any,  ///< json::value
    any_object,
    any_array,
    optional,
    variant,
    own,         ///< by a `tag_invoke` of its own
    word,        ///< a described enumeration
    record,      ///< a described struct
    map,         ///< keys are std::string
    fixed_list,  ///< std::array
    list,        ///< whatever has push_back()
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_variant = false;
template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t Size>
inline constexpr bool is_std_array<std::array<T, Size>> = true;

template <class T>
concept character = std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
    std::same_as<T, char16_t> || std::same_as<T, char32_t>;

template <class T>
concept reads_itself = (std::is_class_v<T> || std::is_enum_v<T>)&&(
    requires(const boost::json::value& json) { tag_invoke(boost::json::value_to_tag<T>(), json); } ||
    requires(const boost::json::value& json) { tag_invoke(boost::json::try_value_to_tag<T>(), json); }
);

template <class T>
concept string_map = std::same_as<typename T::key_type, std::string> &&
    requires(T& map, std::string key, typename T::mapped_type value)
{
    map.insert_or_assign(std::move(key), std::move(value));
};

template <class T>
concept growing_list = requires(T& list, typename T::value_type value)
{
    list.push_back(std::move(value));
    list.size();
};

template <class T>
constexpr json_shape shape_of() noexcept
{
    if constexpr (std::same_as<T, bool>)
        return json_shape::boolean;
    else if constexpr (std::integral<T> && !character<T>)
        return json_shape::integer;
    else if constexpr (std::floating_point<T>)
        return json_shape::number;
    else if constexpr (std::same_as<T, std::string>)
        return json_shape::text;
    else if constexpr (std::same_as<T, std::monostate>)
        return json_shape::null;
    else if constexpr (std::same_as<T, boost::json::value>)
        return json_shape::any;
    else if constexpr (std::same_as<T, boost::json::object>)
        return json_shape::any_object;
    else if constexpr (std::same_as<T, boost::json::array>)
        return json_shape::any_array;
    else if constexpr (is_optional<T>)
        return json_shape::optional;
    else if constexpr (is_variant<T>)
        return json_shape::variant;
    else if constexpr (reads_itself<T>)
        return json_shape::own;
    else if constexpr (boost::describe::has_describe_enumerators<T>::value)
        return json_shape::word;
    else if constexpr (boost::describe::has_describe_members<T>::value)
        return json_shape::record;
    else if constexpr (string_map<T>)
        return json_shape::map;
    else if constexpr (is_std_array<T>)
        return json_shape::fixed_list;
    else if constexpr (growing_list<T>)
        return json_shape::list;
    else
        return json_shape::none;
}

/// shape_of(), for types that have one; others do not compile.
template <class T>
constexpr json_shape shape_in_json() noexcept
{
    static_assert(
        shape_of<T>() != json_shape::none,
        "dedalus: this type has no form in JSON: describe a struct with BOOST_DESCRIBE_STRUCT, an enumeration with "
        "BOOST_DESCRIBE_ENUM, or give the type a tag_invoke of Boost.JSON"
    );
    return shape_of<T>();
}

/// The public members of a described struct, those of its bases first.
template <class T>
using members_of = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class Struct, class Member>
std::type_identity<Member> member_type(Member Struct::*);

/// The type of the member that a descriptor stands for.
template <class Descriptor>
using member_type_of = typename decltype(member_type(Descriptor::pointer))::type;

template <class T>
struct without_optional
{
    using type = T;
};

template <class T>
struct without_optional<std::optional<T>> : without_optional<T>
{};

/// The annotation of a member of type T; does not compile when it has limits of another kind of type.
template <auto Member, class T>
constexpr const schema_annotation& checked_annotation() noexcept
{
    constexpr const schema_annotation& a = annotation_of<Member>;
    constexpr json_shape shape = shape_of<typename without_optional<T>::type>();
    constexpr bool is_number = shape == json_shape::integer || shape == json_shape::number;
    constexpr bool is_list = shape == json_shape::list || shape == json_shape::fixed_list;
    static_assert(
        is_number || (!a.minimum && !a.maximum && !a.exclusive_minimum && !a.exclusive_maximum && !a.multiple_of),
        "dedalus: minimum, maximum and multiple_of are for numbers"
    );
    static_assert(
        shape == json_shape::text || (!a.min_length && !a.max_length && a.pattern.empty()),
        "dedalus: min_length, max_length and pattern are for std::string"
    );
    static_assert(is_list || (!a.min_items && !a.max_items), "dedalus: min_items and max_items are for lists");
    static_assert(!a.multiple_of || *a.multiple_of > 0, "dedalus: multiple_of must be positive");
    static_assert(
        (!a.minimum || !a.maximum || *a.minimum <= *a.maximum) &&
            (!a.min_length || !a.max_length || *a.min_length <= *a.max_length) &&
            (!a.min_items || !a.max_items || *a.min_items <= *a.max_items),
        "dedalus: a minimum is above its maximum"
    );
    return a;
}

}  // namespace dedalus::detail
