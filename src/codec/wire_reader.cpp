#include "codec/wire_reader.hpp"

#include <limits>

namespace dedalus::codec {

namespace json = boost::json;

void wire_reader::read(const json_value& from, bool& to, const json_path& at)
{
    if (!from.is_bool())
        throw_mismatch(at, "a boolean", from.kind());
    to = from.get_bool();
}

void wire_reader::read(const json_value& from, std::int64_t& to, const json_path& at)
{
    constexpr double limit = 9223372036854775808.0;  // 2^63; -2^63 fits, 2^63 does not
    if (from.is_int64()) {
        to = from.get_int64();
        return;
    }
    if (from.is_uint64() && from.get_uint64() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        to = static_cast<std::int64_t>(from.get_uint64());
        return;
    }
    if (!from.is_number())
        throw_mismatch(at, "an integer", from.kind());
    if (from.is_uint64() || from.get_double() < -limit || from.get_double() >= limit)
        throw wire_error(at, "expected an integer of 64 bits, got a number out of its range");
    to = static_cast<std::int64_t>(from.get_double());
    if (static_cast<double>(to) != from.get_double())
        throw wire_error(at, "expected an integer, got a fraction");
}

void wire_reader::read(const json_value& from, double& to, const json_path& at)
{
    if (from.is_double())
        to = from.get_double();
    else if (from.is_int64())
        to = static_cast<double>(from.get_int64());
    else if (from.is_uint64())
        to = static_cast<double>(from.get_uint64());
    else
        throw_mismatch(at, "a number", from.kind());
}

void wire_reader::read(const json_value& from, std::string& to, const json_path& at)
{
    const json::string* text = from.if_string();
    if (text == nullptr)
        throw_mismatch(at, "a string", from.kind());
    to.assign(text->data(), text->size());
}

void wire_reader::read(const json_value& from, json::object& to, const json_path& at)
{
    to = object_of(from, at);
}

void wire_reader::read(const json_value& from, json_value& to, const json_path&)
{
    to = from;
}

wire_reader::fit
wire_reader::fit_of_tag(const json_value& from, std::string_view tag_name, std::string_view tag, bool tag_is_optional)
{
    const json::object* object = from.if_object();
    if (object == nullptr)
        return fit::none;
    const json::value* found = object->if_contains(tag_name);
    const bool absent = found == nullptr || found->is_null() || (found->is_string() && found->get_string().empty());
    if (absent)
        return tag_is_optional ? fit::untagged_object : fit::none;
    return found->is_string() && std::string_view(found->get_string()) == tag ? fit::exact : fit::none;
}

bool wire_reader::has_member(const json_value& from, std::string_view name)
{
    const json::object* object = from.if_object();
    return object != nullptr && object->contains(name);
}

void wire_reader::throw_no_alternative(const kinds& taken, const json_value& from, const json_path& at)
{
    std::string expected;
    const auto add = [&](bool is_taken, std::string_view name) {
        if (is_taken)
            expected.append(expected.empty() ? "" : " or ").append(name);
    };
    add(taken.boolean, "a boolean");
    add(taken.integer, "an integer");
    add(taken.text, "a string");
    add(taken.list, "an array");
    add(taken.object, "an object");
    throw_mismatch(at, expected, from.kind());
}

const json::array& wire_reader::array_of(const json_value& from, const json_path& at)
{
    if (!from.is_array())
        throw_mismatch(at, "an array", from.kind());
    return from.get_array();
}

const json::object& wire_reader::object_of(const json_value& from, const json_path& at)
{
    if (!from.is_object())
        throw_mismatch(at, "an object", from.kind());
    return from.get_object();
}

}  // namespace dedalus::codec
