#pragma once

#include <dedalus/config.hpp>
#include <dedalus/detail/json_shape.hpp>
#include <dedalus/schema/annotation.hpp>

#include <boost/core/type_name.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dedalus::detail {

template <class T>
inline constexpr char type_id = 0;

/// Tells types apart at run time.
template <class T>
const void* type_id_of() noexcept
{
    return &type_id<T>;
}

/// A name of letters, digits, `_` and `-`, at most 64 of them, from the name of a C++ type. Namespaces are left out.
DEDALUS_EXPORT std::string name_from_type(std::string_view cpp_name);

template <class T>
std::string schema_name_of()
{
    constexpr std::string_view given = type_annotation_of<T>.name;
    return given.empty() ? name_from_type(boost::core::type_name<T>()) : name_from_type(given);
}

/// Builds the schema of one root type. The templates only walk the types; what they find is put into JSON by functions
/// that are compiled once.
class DEDALUS_EXPORT schema_builder
{
public:
    explicit schema_builder(const void* root_type) noexcept : root_(root_type) {}

    template <class T>
    boost::json::object schema()
    {
        constexpr const type_annotation& given = type_annotation_of<T>;
        if constexpr (!given.schema.empty()) {
            return given_schema(given.schema);
        }
        else {
            constexpr json_shape shape = shape_in_json<T>();
            if constexpr (shape == json_shape::record)
                return record_schema<T>();
            else if constexpr (shape == json_shape::word)
                return word_schema<T>();
            else if constexpr (shape == json_shape::integer)
                return integer_schema<T>();
            else if constexpr (shape == json_shape::optional)
                return nullable(schema<typename T::value_type>());
            else if constexpr (shape == json_shape::variant)
                return variant_schema(static_cast<T*>(nullptr));
            else if constexpr (shape == json_shape::list)
                return list_schema(schema<typename T::value_type>(), std::nullopt);
            else if constexpr (shape == json_shape::fixed_list)
                return list_schema(schema<typename T::value_type>(), std::tuple_size_v<T>);
            else if constexpr (shape == json_shape::map)
                return map_schema(schema<typename T::mapped_type>());
            else
                return simple_schema(shape);
        }
    }

    /// Adds `$defs` to the schema of the root.
    boost::json::object finish(boost::json::object root);

private:
    struct open_record
    {
        const void* type;
        std::string name;
        bool referenced;
    };

    template <class T>
    boost::json::object record_schema()
    {
        if (std::optional<boost::json::object> known = reference(type_id_of<T>()))
            return std::move(*known);
        open(type_id_of<T>(), schema_name_of<T>());
        boost::json::object properties;
        boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
            using descriptor = decltype(member);
            properties.emplace(descriptor::name, member_schema<descriptor>());
        });
        return close(std::move(properties), type_annotation_of<T>.description);
    }

    template <class Descriptor>
    boost::json::object member_schema()
    {
        using type = member_type_of<Descriptor>;
        constexpr const schema_annotation& annotation = checked_annotation<Descriptor::pointer, type>();
        return annotated(schema<type>(), annotation);
    }

    template <class T>
    static boost::json::object word_schema()
    {
        boost::json::array words;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto enumerator) {
            words.emplace_back(enumerator.name);
        });
        return words_schema(std::move(words), type_annotation_of<T>.description);
    }

    template <class T>
    static boost::json::object integer_schema()
    {
        using limits = std::numeric_limits<T>;
        if constexpr (sizeof(T) < sizeof(std::int64_t))
            return bounded_integer_schema(std::int64_t{limits::min()}, std::int64_t{limits::max()});
        else if constexpr (std::is_unsigned_v<T>)
            return bounded_integer_schema(0, std::nullopt);
        else
            return bounded_integer_schema(std::nullopt, std::nullopt);
    }

    template <class... Ts>
    boost::json::object variant_schema(const std::variant<Ts...>*)
    {
        boost::json::array alternatives;
        (alternatives.emplace_back(schema<Ts>()), ...);
        return boost::json::object{{"anyOf", std::move(alternatives)}};
    }

    static boost::json::object given_schema(std::string_view text);
    static boost::json::object simple_schema(json_shape shape);
    static boost::json::object
    bounded_integer_schema(std::optional<std::int64_t> minimum, std::optional<std::int64_t> maximum);
    static boost::json::object words_schema(boost::json::array words, std::string_view description);
    static boost::json::object list_schema(boost::json::object items, std::optional<std::size_t> size);
    static boost::json::object map_schema(boost::json::object values);
    static boost::json::object nullable(boost::json::object schema);
    static boost::json::object annotated(boost::json::object schema, const schema_annotation& annotation);

    // A record that is being written, or stands in `$defs`, is referred to. A record that was referred to while it was
    // being written goes to `$defs`.
    std::optional<boost::json::object> reference(const void* type);
    void open(const void* type, std::string name);
    boost::json::object close(boost::json::object properties, std::string_view description);
    bool is_taken(std::string_view name) const;

    const void* root_;
    std::vector<open_record> open_;
    std::vector<std::pair<const void*, std::string>> defined_;
    boost::json::object definitions_;
};

}  // namespace dedalus::detail
