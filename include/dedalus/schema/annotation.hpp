#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace dedalus {

/// What the JSON Schema of a described member says beyond its type. Limits are sent to the model, and checked when JSON
/// is read. Of an optional member they are limits of its value. A limit of the wrong kind does not compile.
struct schema_annotation
{
    std::string_view description{};  ///< for the model
    std::string_view format{};       ///< such as "date-time"; sent, not checked
    std::string_view pattern{};      ///< of strings: an ECMAScript regular expression; sent, not checked

    std::optional<double> minimum{};            ///< of numbers
    std::optional<double> maximum{};            ///< of numbers
    std::optional<double> exclusive_minimum{};  ///< of numbers
    std::optional<double> exclusive_maximum{};  ///< of numbers
    std::optional<double> multiple_of{};        ///< of numbers; positive

    std::optional<std::size_t> min_length{};  ///< of strings, in Unicode code points
    std::optional<std::size_t> max_length{};  ///< of strings, in Unicode code points
    std::optional<std::size_t> min_items{};   ///< of lists
    std::optional<std::size_t> max_items{};   ///< of lists

    bool operator==(const schema_annotation&) const = default;
};

/// The annotation of a described member. Specialise it at namespace scope, after the struct and before the first use
/// of its schema:
///
///     template <>
///     inline constexpr dedalus::schema_annotation dedalus::annotation_of<&weather_query::city>{
///         .description = "Name of a city", .min_length = 1};
template <auto Member>
inline constexpr schema_annotation annotation_of{};

/// What the JSON Schema says of a type as a whole.
struct type_annotation
{
    std::string_view name{};         ///< in place of the name of the C++ type
    std::string_view description{};  ///< of structs and enumerations, for the model

    /// A JSON Schema as text, in place of the derived one. For types that Boost.JSON converts by a `tag_invoke` of
    /// their own, whose schema otherwise allows any value. The value is then checked by that conversion alone.
    std::string_view schema{};
};

/// The annotation of a type; to be specialised as annotation_of.
template <class T>
inline constexpr type_annotation type_annotation_of{};

}  // namespace dedalus
