#include "codec/wire_writer.hpp"

#include "codec/json_depth.hpp"
#include "codec/wire_error.hpp"
#include "support/utf8.hpp"

#include <cmath>

namespace dedalus::codec {

namespace json = boost::json;

namespace {

void check(const json::value& value, const json_path& at);

void check(const json::object& object, const json_path& at)
{
    check_depth(at);
    for (const json::key_value_pair& pair : object) {
        const json_path place(at, std::string_view(pair.key()));
        check_text(pair.key(), place);
        check(pair.value(), place);
    }
}

void check(const json::array& array, const json_path& at)
{
    check_depth(at);
    for (std::size_t i = 0; i < array.size(); ++i)
        check(array[i], json_path(at, i));
}

void check_number(double number, const json_path& at)
{
    if (!std::isfinite(number))
        throw wire_error(at, "JSON has no NaN and no infinity");
}

void check(const json::value& value, const json_path& at)
{
    switch (value.kind()) {
    case json::kind::double_:
        return check_number(value.get_double(), at);
    case json::kind::string:
        return check_text(value.get_string(), at);
    case json::kind::array:
        return check(value.get_array(), at);
    case json::kind::object:
        return check(value.get_object(), at);
    default:
        return;
    }
}

}  // namespace

void check_text(std::string_view text, const json_path& at)
{
    if (!support::is_utf8(text))
        throw wire_error(at, "the text is not valid UTF-8");
}

void wire_writer::write(bool from, json_value& to, const json_path&)
{
    to = from;
}

void wire_writer::write(std::int64_t from, json_value& to, const json_path&)
{
    to = from;
}

void wire_writer::write(double from, json_value& to, const json_path& at)
{
    check_number(from, at);
    // As people write it: 1 rather than 1E0.
    constexpr double exact_integers = 9007199254740992.0;  // 2^53
    if (std::trunc(from) == from && std::abs(from) <= exact_integers)
        to = static_cast<std::int64_t>(from);
    else
        to = from;
}

void wire_writer::write(const std::string& from, json_value& to, const json_path& at)
{
    check_text(from, at);
    to.emplace_string().assign(from.data(), from.size());
}

void wire_writer::write(const json::object& from, json_value& to, const json_path& at)
{
    check(from, at);
    to.emplace_object() = from;
}

void wire_writer::write(const json_value& from, json_value& to, const json_path& at)
{
    check(from, at);
    to = from;
}

}  // namespace dedalus::codec
