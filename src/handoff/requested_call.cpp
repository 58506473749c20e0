#include "handoff/requested_call.hpp"

#include "codec/parse_json.hpp"
#include "crypto/sha256.hpp"

#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

constexpr double exact_integers = 9007199254740992.0;  // 2^53: up to here a double stands for one integer

std::string text_of_member(const json::object& object, std::string_view key)
{
    const json::value* member = object.if_contains(key);
    if (member == nullptr || !member->is_string())
        return {};
    return std::string(member->get_string());
}

// Models write nothing at all for a call without arguments.
bool is_blank(std::string_view text) noexcept
{
    return text.find_first_not_of(" \t\n\r") == std::string_view::npos;
}

void read_arguments(requested_call& call)
{
    if (is_blank(call.arguments_text)) {
        call.arguments.emplace();
        return;
    }
    boost::system::error_code ec;
    json::value parsed = codec::parse_json(call.arguments_text, ec);
    if (ec.failed())
        call.arguments_problem = ec.message();
    else if (!parsed.is_object())
        call.arguments_problem = "expected an object";
    else
        call.arguments = std::move(parsed.get_object());
}

void write_canonical(std::string& out, const json::value& value);

void write_canonical(std::string& out, const json::object& object)
{
    std::vector<const json::key_value_pair*> members;
    members.reserve(object.size());
    for (const json::key_value_pair& member : object)
        members.push_back(&member);
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });

    out += '{';
    for (const json::key_value_pair* member : members) {
        out += json::serialize(json::string(member->key()));
        out += ':';
        write_canonical(out, member->value());
        out += ',';
    }
    out += '}';
}

void write_canonical(std::string& out, const json::value& value)
{
    if (const json::object* object = value.if_object()) {
        write_canonical(out, *object);
    }
    else if (const json::array* array = value.if_array()) {
        out += '[';
        for (const json::value& element : *array) {
            write_canonical(out, element);
            out += ',';
        }
        out += ']';
    }
    else if (const double* number = value.if_double();
             number != nullptr && std::nearbyint(*number) == *number && std::fabs(*number) <= exact_integers)
    {
        out += std::to_string(static_cast<std::int64_t>(*number));
    }
    else {
        out += json::serialize(value);
    }
}

}  // namespace

requested_call to_requested_call(const pending_call& call)
{
    requested_call result;
    result.id = call.id;
    result.name = call.name;
    result.arguments = call.arguments;
    result.arguments_text = call.arguments_raw.empty() ? json::serialize(call.arguments) : call.arguments_raw;
    result.dependencies = call.dependencies;
    result.pending = true;
    return result;
}

requested_call to_requested_call(const tool_call& call)
{
    requested_call result;
    if (const auto* function = std::get_if<function_tool_call>(&call)) {
        result.id = function->id;
        result.name = function->function.name;
        result.arguments_text = function->function.arguments;
        read_arguments(result);
    }
    else if (const auto* custom = std::get_if<custom_tool_call>(&call)) {
        result.id = custom->id;
        result.name = custom->custom.name;
        result.arguments_text = custom->custom.input;
        result.arguments_problem = "a custom tool has text";
    }
    else {
        const json::object& object = std::get<json::object>(call);
        result.id = text_of_member(object, "id");
        result.arguments_text = json::serialize(object);
        result.arguments_problem = "a call of an unknown type";
    }
    return result;
}

json::value reported_arguments(const requested_call& call)
{
    if (call.arguments)
        return *call.arguments;
    return json::string(call.arguments_text);
}

std::string fingerprint(const requested_call& call)
{
    std::string canonical = call.name;
    canonical += '\0';  // no name has it, so that name and arguments cannot be mistaken for each other
    if (call.arguments)
        write_canonical(canonical, *call.arguments);
    else
        canonical += "text:" + call.arguments_text;
    return crypto::sha256_hex(canonical);
}

}  // namespace dedalus::handoff_core
