#pragma once

#include <dedalus/config.hpp>
#include <dedalus/detail/json_check.hpp>
#include <dedalus/detail/json_path.hpp>
#include <dedalus/detail/json_shape.hpp>
#include <dedalus/detail/json_variant.hpp>
#include <dedalus/schema/annotation.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <boost/mp11/algorithm.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace dedalus::detail {

/// Reads JSON into C++ values; `to` is newly made. Throws validation_error.
class typed_reader
{
public:
    using json_value = boost::json::value;

    template <class T>
    static void read(const json_value& from, T& to, const json_path& at)
    {
        constexpr json_shape shape = shape_in_json<T>();
        if constexpr (shape == json_shape::record)
            read_record(object_of(from, at), to, at);
        else if constexpr (shape == json_shape::word)
            to = read_word<T>(from, at);
        else if constexpr (shape == json_shape::optional)
            read_optional(from, to, at);
        else if constexpr (shape == json_shape::variant)
            read_variant(from, to, at);
        else if constexpr (shape == json_shape::list)
            read_list(from, to, at);
        else if constexpr (shape == json_shape::fixed_list)
            read_fixed_list(from, to, at);
        else if constexpr (shape == json_shape::map)
            read_map(from, to, at);
        else if constexpr (shape == json_shape::own)
            to = read_own<T>(from, at);
        else
            read_simple<shape>(from, to, at);
    }

    /// The struct that an object holds.
    template <class T>
    static void read_record(const boost::json::object& from, T& to, const json_path& at)
    {
        std::size_t known = 0;
        boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
            known += read_member<decltype(member)>(from, to, at) ? 1 : 0;
        });
        if (known != from.size())
            refuse_unknown_member(from, names_of<T>(), at);
    }

private:
    template <json_shape Shape, class T>
    static void read_simple(const json_value& from, T& to, const json_path& at)
    {
        if constexpr (Shape == json_shape::boolean)
            to = boolean_of(from, at);
        else if constexpr (Shape == json_shape::integer && std::is_signed_v<T>)
            to = static_cast<T>(integer_of(from, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), at));
        else if constexpr (Shape == json_shape::integer)
            to = static_cast<T>(unsigned_of(from, std::numeric_limits<T>::max(), at));
        else if constexpr (Shape == json_shape::number)
            to = static_cast<T>(number_of(from, static_cast<double>(std::numeric_limits<T>::max()), at));
        else if constexpr (Shape == json_shape::text)
            to = text_of(from, at);
        else if constexpr (Shape == json_shape::null)
            require_null(from, at);
        else if constexpr (Shape == json_shape::any_object)
            to = object_of(from, at);
        else if constexpr (Shape == json_shape::any_array)
            to = array_of(from, at);
        else
            to = from;
    }

    // Whether the object has the member.
    template <class Descriptor, class T>
    static bool read_member(const boost::json::object& from, T& to, const json_path& at)
    {
        using type = member_type_of<Descriptor>;
        const json_path place(at, std::string_view(Descriptor::name));
        const json_value* found = from.if_contains(Descriptor::name);
        if (found == nullptr) {
            if constexpr (shape_of<type>() != json_shape::optional)
                refuse(place, "is missing");
            return false;
        }
        type& value = to.*Descriptor::pointer;
        read(*found, value, place);
        constexpr const schema_annotation& limits = checked_annotation<Descriptor::pointer, type>();
        if constexpr (limits != schema_annotation{})
            check_limits(value, limits, place);
        return true;
    }

    template <class T>
    static void check_limits(const T& value, const schema_annotation& limits, const json_path& at)
    {
        constexpr json_shape shape = shape_of<T>();
        if constexpr (shape == json_shape::optional) {
            if (value)
                check_limits(*value, limits, at);
        }
        else if constexpr (shape == json_shape::integer || shape == json_shape::number) {
            check_number(static_cast<double>(value), limits, at);
        }
        else if constexpr (shape == json_shape::text) {
            check_text(value, limits, at);
        }
        else if constexpr (shape == json_shape::list || shape == json_shape::fixed_list) {
            check_size(value.size(), limits, at);
        }
    }

    template <class T>
    static T read_word(const json_value& from, const json_path& at)
    {
        constexpr auto words = words_of<T>();
        const std::size_t index = index_of_word(from, words, at);
        T result{};
        std::size_t i = 0;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto enumerator) {
            if (i++ == index)
                result = enumerator.value;
        });
        return result;
    }

    template <class T>
    static void read_optional(const json_value& from, T& to, const json_path& at)
    {
        if (!from.is_null())
            read(from, to.emplace(), at);
    }

    template <class T>
    static void read_list(const json_value& from, T& to, const json_path& at)
    {
        std::size_t index = 0;
        for (const json_value& element : array_of(from, at)) {
            const json_path place(at, index++);
            typename T::value_type item{};
            read(element, item, place);
            to.push_back(std::move(item));
        }
    }

    template <class T>
    static void read_fixed_list(const json_value& from, T& to, const json_path& at)
    {
        const boost::json::array& elements = array_of(from, at);
        schema_annotation size;
        size.min_items = size.max_items = to.size();
        check_size(elements.size(), size, at);
        for (std::size_t i = 0; i < to.size(); ++i)
            read(elements[i], to[i], json_path(at, i));
    }

    template <class T>
    static void read_map(const json_value& from, T& to, const json_path& at)
    {
        for (const auto& [key, value] : object_of(from, at)) {
            typename T::mapped_type item{};
            read(value, item, json_path(at, std::string_view(key)));
            to.insert_or_assign(std::string(key), std::move(item));
        }
    }

    template <class... Ts>
    static void read_variant(const json_value& from, std::variant<Ts...>& to, const json_path& at)
    {
        const std::array<bool, sizeof...(Ts)> of_kind{could_be<Ts>(from, 0)...};
        const std::array<bool, sizeof...(Ts)> fitting{could_be<Ts>(from, variant_look_ahead)...};
        const std::size_t chosen = choose_alternative(of_kind, fitting, from, at);
        boost::mp11::mp_with_index<sizeof...(Ts)>(chosen, [&](auto index) {
            read(from, to.template emplace<index>(), at);
        });
    }

    // What a conversion of the user throws may hold the payload, so it goes no further.
    template <class T>
    static T read_own(const json_value& from, const json_path& at)
    {
        try {
            return boost::json::value_to<T>(from);
        }
        catch (const std::bad_alloc&) {
            throw;
        }
        catch (const std::exception&) {
            refuse(at, "is not what its type takes");
        }
    }
};

}  // namespace dedalus::detail
