#include "codec/wire_schema.hpp"

#include "codec/wire_error.hpp"
#include "codec/wire_writer.hpp"

#include <algorithm>
#include <cstddef>

namespace dedalus::codec {

namespace json = boost::json;

namespace {

// Servers write members in about the order of the description: the search goes on where the last one ended.
const wire_member* find_member(const wire_schema& schema, std::string_view name, std::size_t& next)
{
    const std::size_t count = schema.members.size();
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = (next + i) % count;
        if (schema.members[at].name == name) {
            next = at + 1;
            return &schema.members[at];
        }
    }
    return nullptr;
}

std::size_t place_of(const wire_member& member, const wire_schema& schema)
{
    return static_cast<std::size_t>(&member - schema.members.data());
}

bool is_tag(const wire_schema& schema, std::string_view key, const json::value& value)
{
    return !schema.tag_name.empty() && key == schema.tag_name && value.is_string() &&
           std::string_view(value.get_string()) == schema.tag;
}

void read_members(const json::object& from, void* object, const wire_schema& schema, const json_path& at)
{
    json::object& extra = schema.extra(object);
    explicit_nulls* const nulls = schema.nulls(object);
    std::size_t next = 0;
    for (const json::key_value_pair& pair : from) {
        const std::string_view key = pair.key();
        const json::value& value = pair.value();
        if (is_tag(schema, key, value))
            continue;
        const wire_member* member = find_member(schema, key, next);
        const bool is_null = member != nullptr && value.is_null() && !member->takes_null;
        if (is_null && nulls != nullptr) {
            nulls->insert(place_of(*member, schema));
            continue;
        }
        if (member == nullptr || is_null) {
            extra.emplace(key, value);
            continue;
        }
        member->read(value, object, json_path(at, member->name));
        if (member->presence != wire_presence::always && member->is_default(object))
            extra.emplace(key, value);
    }
}

bool is_blank(const json::value& value)
{
    switch (value.kind()) {
    case json::kind::string:
        return value.get_string().empty();
    case json::kind::int64:
        return value.get_int64() == 0;
    case json::kind::uint64:
        return value.get_uint64() == 0;
    case json::kind::double_:
        return value.get_double() == 0;
    default:
        return false;
    }
}

bool is_null_or_empty(const json::value& value)
{
    return value.is_null() || (value.is_array() && value.get_array().empty()) ||
           (value.is_object() && value.get_object().empty());
}

// What reading put into `extra` for an empty member stops counting once the member is filled.
bool gives_way(const json::value& other, const wire_member& member)
{
    return is_null_or_empty(other) || (member.presence == wire_presence::when_not_default && is_blank(other));
}

bool is_written(const wire_member& member, const void* object, const json::value* other)
{
    if (other != nullptr)
        return gives_way(*other, member) && !member.is_default(object);
    return member.presence == wire_presence::always || !member.is_default(object);
}

}  // namespace

void read_struct(const json::value& from, void* object, const wire_schema& schema, const json_path& at)
{
    if (const json::object* members = from.if_object())
        return read_members(*members, object, schema, at);
    if (!from.is_string() || schema.text_member.empty())
        throw_mismatch(at, schema.text_member.empty() ? "an object" : "a string or an object", from.kind());
    std::size_t next = 0;
    find_member(schema, schema.text_member, next)->read(from, object, at);
}

bool is_default_struct(const void* object, const wire_schema& schema)
{
    const explicit_nulls* const nulls = schema.const_nulls(object);
    return schema.const_extra(object).empty() && (nulls == nullptr || nulls->empty()) &&
           std::all_of(schema.members.begin(), schema.members.end(), [&](const wire_member& member) {
               return member.is_default(object);
           });
}

void write_struct(const void* object, const wire_schema& schema, json::value& to, const json_path& at)
{
    json::object& members = to.emplace_object();
    const json::object& extra = schema.const_extra(object);
    if (!schema.tag_name.empty() && !extra.contains(schema.tag_name))
        members.emplace(schema.tag_name, json::string_view(schema.tag));
    const explicit_nulls* const nulls = schema.const_nulls(object);
    for (const wire_member& member : schema.members) {
        const json::value* const other = extra.if_contains(member.name);
        const bool was_null = other == nullptr && nulls != nullptr && nulls->contains(place_of(member, schema));
        if (was_null && member.is_default(object))
            members.emplace(member.name, nullptr);
        else if (is_written(member, object, other))
            member.write(object, members[member.name], json_path(at, member.name));
    }
    for (const json::key_value_pair& pair : extra) {
        const std::string_view key = pair.key();
        const json_path place(at, key);
        check_text(key, place);
        if (!members.contains(key))
            wire_writer::write(pair.value(), members[key], place);
    }
}

}  // namespace dedalus::codec
