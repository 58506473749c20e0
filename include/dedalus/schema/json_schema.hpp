#pragma once

#include <dedalus/chat/response_format.hpp>
#include <dedalus/config.hpp>
#include <dedalus/detail/schema_builder.hpp>
#include <dedalus/schema/annotation.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <utility>

namespace dedalus {

/// The JSON Schema of T, by the rules of `strict`: all members of a struct are required and no others allowed, an
/// optional is a union with null. Members stand in the order of their description, those of bases first. A struct
/// inside is written in place; one that contains itself stands in `$defs` once (the root: `#`).
///
/// T may be bool, an integer (narrow and unsigned ones with their bounds), a floating point number, std::string, a
/// struct described with BOOST_DESCRIBE_STRUCT, an enumeration described with BOOST_DESCRIBE_ENUM (its words), a list
/// with push_back(), std::array, a map from std::string, std::optional, std::variant (`anyOf`), std::monostate (null),
/// json::value (anything), json::object, json::array, or a type with a `tag_invoke` of Boost.JSON (anything, or
/// type_annotation::schema). Another one does not compile. Annotations: annotation_of, type_annotation_of.
///
/// Throws config_error when a type_annotation::schema is not a JSON object.
template <class T>
boost::json::object json_schema()
{
    detail::schema_builder builder(detail::type_id_of<T>());
    boost::json::object root = builder.schema<T>();
    return builder.finish(std::move(root));
}

/// The name of T for a schema: type_annotation::name, or the C++ name without its namespaces. Letters, digits, `_` and
/// `-`, 1 to 64; other characters become `_`.
template <class T>
std::string schema_name()
{
    return detail::schema_name_of<T>();
}

/// `response_format` for an answer that is a T: name and schema of T, `strict: true`.
template <class T>
response_format_json_schema response_format_for()
{
    static_assert(
        detail::shape_of<T>() == detail::json_shape::record,
        "dedalus: a structured answer is an object: T must be a struct described with BOOST_DESCRIBE_STRUCT"
    );
    response_format_json_schema format;
    format.json_schema.name = schema_name<T>();
    format.json_schema.schema = json_schema<T>();
    format.json_schema.strict = true;
    return format;
}

}  // namespace dedalus
