#pragma once

#include <dedalus/detail/json_check.hpp>
#include <dedalus/detail/json_path.hpp>
#include <dedalus/detail/json_shape.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/mp11/algorithm.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace dedalus::detail {

/// Writes C++ values as typed_reader reads them. Throws validation_error for what JSON cannot hold.
class typed_writer
{
public:
    using json_value = boost::json::value;

    template <class T>
    static json_value write(const T& value, const json_path& at)
    {
        constexpr json_shape shape = shape_in_json<T>();
        if constexpr (shape == json_shape::record)
            return write_record(value, at);
        else if constexpr (shape == json_shape::word)
            return write_word(value, at);
        else if constexpr (shape == json_shape::optional)
            return value ? write(*value, at) : json_value(nullptr);
        else if constexpr (shape == json_shape::variant)
            return write_variant(value, at);
        else if constexpr (shape == json_shape::list || shape == json_shape::fixed_list)
            return write_list(value, at);
        else if constexpr (shape == json_shape::map)
            return write_map(value, at);
        else
            return write_simple<shape>(value, at);
    }

private:
    template <json_shape Shape, class T>
    static json_value write_simple(const T& value, const json_path& at)
    {
        if constexpr (Shape == json_shape::number)
            require_finite(static_cast<double>(value), at);
        if constexpr (Shape == json_shape::text)
            require_utf8(value, at);

        if constexpr (Shape == json_shape::null)
            return nullptr;
        else if constexpr (Shape == json_shape::own)
            return boost::json::value_from(value);
        else if constexpr (Shape == json_shape::number)
            return static_cast<double>(value);
        else if constexpr (Shape == json_shape::integer && std::is_signed_v<T>)
            return static_cast<std::int64_t>(value);
        else if constexpr (Shape == json_shape::integer)
            return static_cast<std::uint64_t>(value);
        else if constexpr (Shape == json_shape::text)
            return json_value(std::string_view(value));
        else
            return json_value(value);
    }

    template <class T>
    static json_value write_record(const T& value, const json_path& at)
    {
        boost::json::object members;
        boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
            const json_path place(at, std::string_view(member.name));
            members.emplace(member.name, write(value.*member.pointer, place));
        });
        return members;
    }

    template <class T>
    static json_value write_word(T value, const json_path& at)
    {
        const char* word = nullptr;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto enumerator) {
            if (word == nullptr && enumerator.value == value)
                word = enumerator.name;
        });
        if (word == nullptr)
            refuse(at, "the value of the enumeration has no name");
        return json_value(std::string_view(word));
    }

    template <class... Ts>
    static json_value write_variant(const std::variant<Ts...>& value, const json_path& at)
    {
        return std::visit([&at](const auto& alternative) { return write(alternative, at); }, value);
    }

    template <class T>
    static json_value write_list(const T& value, const json_path& at)
    {
        boost::json::array elements;
        elements.reserve(value.size());
        std::size_t index = 0;
        for (const typename T::value_type& element : value)  // a copy, where the list gives proxies
            elements.push_back(write(element, json_path(at, index++)));
        return elements;
    }

    template <class T>
    static json_value write_map(const T& value, const json_path& at)
    {
        boost::json::object members;
        for (const auto& [key, mapped] : value) {
            const json_path place(at, std::string_view(key));
            require_utf8(key, place);
            members.emplace(key, write(mapped, place));
        }
        return members;
    }
};

}  // namespace dedalus::detail
