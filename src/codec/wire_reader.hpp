#pragma once

#include <dedalus/boxed_optional.hpp>
#include <dedalus/json.hpp>
#include <dedalus/open_enum.hpp>

#include "codec/json_path.hpp"
#include "codec/wire_error.hpp"
#include "codec/wire_schema.hpp"
#include "codec/wire_tag.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dedalus::codec {

/// Reads a value of each type that a wire struct is made of; `to` is newly made. Throws wire_error.
/// What is read never shares the storage of `from`.
class wire_reader
{
public:
    using json_value = boost::json::value;

    static void read(const json_value& from, bool& to, const json_path& at);
    static void read(const json_value& from, std::int64_t& to, const json_path& at);
    static void read(const json_value& from, double& to, const json_path& at);
    static void read(const json_value& from, std::string& to, const json_path& at);
    static void read(const json_value& from, boost::json::object& to, const json_path& at);
    static void read(const json_value& from, json_value& to, const json_path& at);

    template <wire_enum T>
    static void read(const json_value& from, T& to, const json_path& at)
    {
        std::string text;
        read(from, text, at);
        to = T(std::move(text));
    }

    template <wire_struct T>
    static void read(const json_value& from, T& to, const json_path& at)
    {
        read_struct(from, &to, wire_schema_of<T>(), at);
    }

    template <class T>
    static void read(const json_value& from, std::optional<T>& to, const json_path& at)
    {
        read(from, to.emplace(), at);
    }

    template <class T>
    static void read(const json_value& from, boxed_optional<T>& to, const json_path& at)
    {
        read(from, to.emplace(), at);
    }

    template <class T>
    static void read(const json_value& from, std::vector<T>& to, const json_path& at)
    {
        const boost::json::array& elements = array_of(from, at);
        to.reserve(elements.size());
        for (const json_value& element : elements) {
            const json_path place(at, to.size());
            read(element, to.emplace_back(), place);
        }
    }

    template <class T>
    static void read(const json_value& from, std::map<std::string, T, std::less<>>& to, const json_path& at)
    {
        for (const auto& [key, value] : object_of(from, at))
            read(value, to[std::string(key)], json_path(at, key));
    }

    template <class... Ts>
    static void read(const json_value& from, std::variant<Ts...>& to, const json_path& at)
    {
        constexpr std::array<fit (*)(const json_value&), sizeof...(Ts)> fit_of_alternative{&fit_of<Ts>...};
        fit best = fit::none;
        std::size_t chosen = 0;
        for (std::size_t i = 0; i < fit_of_alternative.size(); ++i) {
            const fit found = fit_of_alternative[i](from);
            if (found > best) {
                best = found;
                chosen = i;
            }
        }
        if (best == fit::none)
            throw_no_alternative(
                {.boolean = (is_boolean<Ts> || ...),
                 .integer = (is_integer<Ts> || ...),
                 .text = (is_text<Ts> || ...),
                 .list = (is_list<Ts> || ...),
                 .object = (is_object<Ts> || ...)},
                from,
                at
            );
        read_alternative(from, to, chosen, at, std::index_sequence_for<Ts...>());
    }

private:
    // How well a value fits an alternative of a variant: the best one is read.
    enum class fit
    {
        none,
        unknown_object,  // any object, kept as JSON
        untagged_object,
        exact,
    };

    template <class T>
    static constexpr bool is_text = std::same_as<T, std::string> || wire_enum<T>;

    template <class T>
    static constexpr bool is_object = std::same_as<T, boost::json::object> || wire_struct<T>;

    template <class T>
    static constexpr bool is_integer = std::same_as<T, std::int64_t>;

    template <class T>
    static constexpr bool is_boolean = std::same_as<T, bool>;

    template <class T>
    static constexpr bool is_list = !is_text<T> && !is_object<T> && !is_integer<T> && !is_boolean<T>;

    template <class T>
    static fit fit_of(const json_value& from)
    {
        if constexpr (is_text<T>)
            return from.is_string() ? fit::exact : fit::none;
        else if constexpr (is_integer<T>)
            return from.is_number() ? fit::exact : fit::none;
        else if constexpr (is_boolean<T>)
            return from.is_bool() ? fit::exact : fit::none;
        else if constexpr (is_list<T>)
            return from.is_array() ? fit::exact : fit::none;
        else if constexpr (std::same_as<T, boost::json::object>)
            return from.is_object() ? fit::unknown_object : fit::none;
        else if constexpr (!distinctive_member_of<T>.empty())
            return has_member(from, distinctive_member_of<T>) ? fit::untagged_object : fit::none;
        else if constexpr (tag_name_of<T>.empty())
            return from.is_object() ? fit::untagged_object : fit::none;
        else
            return fit_of_tag(from, tag_name_of<T>, tag_of<T>, tag_is_optional<T>);
    }

    template <class... Ts, std::size_t... Indices>
    static void
    read_alternative(const json_value& from, std::variant<Ts...>& to, std::size_t chosen, const json_path& at, std::index_sequence<Indices...>)
    {
        const auto read_if = [&]<std::size_t Index>(std::integral_constant<std::size_t, Index>) {
            if (Index == chosen)
                read(from, to.template emplace<Index>(), at);
        };
        (read_if(std::integral_constant<std::size_t, Indices>()), ...);
    }

    static fit
    fit_of_tag(const json_value& from, std::string_view tag_name, std::string_view tag, bool tag_is_optional);

    // The kinds of JSON that the alternatives of a variant take.
    struct kinds
    {
        bool boolean;
        bool integer;
        bool text;
        bool list;
        bool object;
    };

    static bool has_member(const json_value& from, std::string_view name);
    [[noreturn]] static void throw_no_alternative(const kinds& taken, const json_value& from, const json_path& at);
    static const boost::json::array& array_of(const json_value& from, const json_path& at);
    static const boost::json::object& object_of(const json_value& from, const json_path& at);
};

}  // namespace dedalus::codec
