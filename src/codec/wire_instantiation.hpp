#pragma once

#include <dedalus/config.hpp>
#include <dedalus/error.hpp>
#include <dedalus/json.hpp>

#include "codec/json_depth.hpp"
#include "codec/json_path.hpp"
#include "codec/wire_description.hpp"
#include "codec/wire_error.hpp"
#include "codec/wire_reader.hpp"
#include "codec/wire_root.hpp"
#include "codec/wire_schema.hpp"
#include "codec/wire_types.hpp"
#include "codec/wire_writer.hpp"

#include <boost/json/system_error.hpp>
#include <boost/json/value.hpp>

#include <variant>

/// @file
/// The definitions of the templates of <dedalus/json.hpp>, and the macros that instantiate them. Only the files
/// wire_*_types.cpp include this, so that each type is compiled once.

namespace dedalus::codec {

template <class T>
const wire_schema& wire_schema_of() noexcept
{
    return wire_description<T>::schema();
}

// The schema of another group's struct is used, not compiled again.
#define DEDALUS_DECLARE_WIRE_SCHEMA(type) extern template const wire_schema& wire_schema_of<type>() noexcept;
DEDALUS_WIRE_MESSAGE_STRUCTS(DEDALUS_DECLARE_WIRE_SCHEMA)
DEDALUS_WIRE_TOOL_STRUCTS(DEDALUS_DECLARE_WIRE_SCHEMA)
DEDALUS_WIRE_REQUEST_STRUCTS(DEDALUS_DECLARE_WIRE_SCHEMA)
DEDALUS_WIRE_ANSWER_STRUCTS(DEDALUS_DECLARE_WIRE_SCHEMA)
#undef DEDALUS_DECLARE_WIRE_SCHEMA

/// What is no struct has no schema: it is read as a member would be.
template <class T>
void read_root(const boost::json::value& from, T& value)
{
    try {
        check_depth(from, json_path());
        wire_reader::read(from, value, json_path());
    }
    catch (const wire_error& e) {
        throw response_format_error(e.what(), 0, {}, {});
    }
}

template <class T>
void write_root(const T& value, boost::json::value& to)
{
    try {
        wire_writer::write(value, to, json_path());
    }
    catch (const wire_error& e) {
        throw invalid_request_error(e.what());
    }
}

}  // namespace dedalus::codec

namespace dedalus {

template <wire_class T>
void tag_invoke(boost::json::value_from_tag, boost::json::value& json, const T& value)
{
    if constexpr (wire_struct<T>)
        codec::write_root(&value, codec::wire_schema_of<T>(), json);
    else
        codec::write_root(value, json);
}

template <class... Ts>
void tag_invoke(boost::json::value_from_tag, boost::json::value& json, const std::variant<Ts...>& value) requires
    wire_variant<std::variant<Ts...>>
{
    codec::write_root(value, json);
}

template <wire_type T>
T tag_invoke(boost::json::value_to_tag<T>, const boost::json::value& json)
{
    T value{};
    if constexpr (wire_struct<T>)
        codec::read_root(json, &value, codec::wire_schema_of<T>());
    else
        codec::read_root(json, value);
    return value;
}

template <class... Ts>
boost::json::result<std::variant<Ts...>> tag_invoke(
    boost::json::try_value_to_tag<std::variant<Ts...>>, const boost::json::value& json
) requires wire_variant<std::variant<Ts...>>
{
    try {
        return tag_invoke(boost::json::value_to_tag<std::variant<Ts...>>(), json);
    }
    catch (const response_format_error& e) {
        return e.code();
    }
}

}  // namespace dedalus

// Used inside namespace dedalus.

#define DEDALUS_INSTANTIATE_WIRE_ENUM(type)                                                                            \
    template DEDALUS_EXPORT void tag_invoke(boost::json::value_from_tag, boost::json::value&, const type&);            \
    template DEDALUS_EXPORT type tag_invoke(boost::json::value_to_tag<type>, const boost::json::value&);

#define DEDALUS_INSTANTIATE_WIRE_STRUCT(type)                                                                          \
    template const codec::wire_schema& codec::wire_schema_of<type>() noexcept;                                         \
    DEDALUS_INSTANTIATE_WIRE_ENUM(type)

#define DEDALUS_INSTANTIATE_WIRE_VARIANT(type)                                                                         \
    DEDALUS_INSTANTIATE_WIRE_ENUM(type)                                                                                \
    template DEDALUS_EXPORT boost::json::result<type>                                                                  \
    tag_invoke(boost::json::try_value_to_tag<type>, const boost::json::value&);
