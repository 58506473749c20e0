#pragma once

#include <concepts>
#include <string_view>

namespace dedalus::codec {

// A struct is tagged when it has a constant `role` or `type`; a data member of that name is an ordinary member.

template <class T>
concept has_role_tag = requires
{
    requires std::same_as<decltype(T::role), const std::string_view>;
};

template <class T>
concept has_type_tag = requires
{
    requires std::same_as<decltype(T::type), const std::string_view>;
};

/// The name of the member that holds the tag; "" when the struct has none.
template <class T>
inline constexpr std::string_view tag_name_of{};

template <has_role_tag T>
inline constexpr std::string_view tag_name_of<T> = "role";

template <has_type_tag T>
inline constexpr std::string_view tag_name_of<T> = "type";

/// The tag of the struct; "" when it has none.
template <class T>
inline constexpr std::string_view tag_of{};

template <has_role_tag T>
inline constexpr std::string_view tag_of<T> = T::role;

template <has_type_tag T>
inline constexpr std::string_view tag_of<T> = T::type;

/// The member whose presence tells the struct from other objects without a tag; "" when any object is the struct.
template <class T>
inline constexpr std::string_view distinctive_member_of{};

template <class T>
requires requires
{
    T::distinctive_member;
}
inline constexpr std::string_view distinctive_member_of<T> = T::distinctive_member;

/// Whether an object without a tag is this struct.
template <class T>
inline constexpr bool tag_is_optional = requires
{
    requires T::type_optional;
};

}  // namespace dedalus::codec
