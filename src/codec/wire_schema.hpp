#pragma once

#include <dedalus/explicit_nulls.hpp>

#include "codec/json_path.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <span>
#include <string_view>

namespace dedalus::codec {

/// When a member is written.
enum class wire_presence
{
    always,            ///< scalars, strings, structs, variants, JSON objects
    when_not_empty,    ///< optionals, lists and maps
    when_not_default,  ///< members that servers are known to leave out, see wire_rules.hpp
};

/// One described member of a wire struct. The struct is passed as `void*` so that the rules are compiled once and
/// not once for each type; the functions know the type.
struct wire_member
{
    std::string_view name;
    wire_presence presence;
    bool takes_null;  ///< null is a value of the member; of other members it is kept in `nulls` or `extra`
    void (*read)(const boost::json::value& from, void* object, const json_path& at);
    void (*write)(const void* object, boost::json::value& to, const json_path& at);
    bool (*is_default)(const void* object);
};

/// A wire struct as its description and its traits give it; made by wire_description.hpp.
struct wire_schema
{
    std::string_view tag_name;  ///< "role", "type", or "" when the struct has no tag
    std::string_view tag;
    std::string_view text_member;  ///< the member that a bare string in place of the object is; "" when there is none
    std::span<const wire_member> members;
    boost::json::object& (*extra)(void* object);
    const boost::json::object& (*const_extra)(const void* object);
    explicit_nulls* (*nulls)(void* object);  ///< gives null when the struct keeps its nulls in `extra`
    const explicit_nulls* (*const_nulls)(const void* object);
};

/// The schema of a wire struct of <dedalus/json.hpp>; instantiated in wire_*_types.cpp.
template <class T>
const wire_schema& wire_schema_of() noexcept;

/// Reads the struct of this schema by the rules of <dedalus/chat/content.hpp>. `object` is newly made.
/// Throws wire_error.
void read_struct(const boost::json::value& from, void* object, const wire_schema& schema, const json_path& at);

/// Whether all members of the struct have their default values and there is nothing in `extra` and `nulls`.
bool is_default_struct(const void* object, const wire_schema& schema);

/// Writes the struct of this schema. Throws wire_error.
void write_struct(const void* object, const wire_schema& schema, boost::json::value& to, const json_path& at);

}  // namespace dedalus::codec
