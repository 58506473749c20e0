#include "codec/wire_error.hpp"

#include <string>

namespace dedalus::codec {

namespace json = boost::json;

namespace {

std::string place_and_problem(const json_path& at, std::string_view problem)
{
    std::string text = at.text();
    if (!text.empty())
        text += ": ";
    return text.append(problem);
}

std::string_view name_of(json::kind kind) noexcept
{
    switch (kind) {
    case json::kind::null:
        return "null";
    case json::kind::bool_:
        return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
        return "a number";
    case json::kind::string:
        return "a string";
    case json::kind::array:
        return "an array";
    case json::kind::object:
        return "an object";
    }
    return "something else";
}

}  // namespace

wire_error::wire_error(const json_path& at, std::string_view problem)
    : std::runtime_error(place_and_problem(at, problem))
{}

std::string mismatch_text(std::string_view expected, json::kind got)
{
    return std::string("expected ").append(expected).append(", got ").append(name_of(got));
}

void throw_mismatch(const json_path& at, std::string_view expected, json::kind got)
{
    throw wire_error(at, mismatch_text(expected, got));
}

}  // namespace dedalus::codec
