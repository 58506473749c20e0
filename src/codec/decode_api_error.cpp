#include "codec/decode_api_error.hpp"

#include "codec/parse_json.hpp"
#include "support/ascii.hpp"
#include "support/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace dedalus::codec {

namespace json = boost::json;

namespace {

constexpr std::size_t max_message_bytes = 500;

/// The text of a string or of a number; "" for all else.
std::string printed(const json::value* value)
{
    if (value == nullptr)
        return {};
    if (value->is_string())
        return std::string(value->get_string());
    return value->is_number() ? json::serialize(*value) : std::string();
}

const json::object* object_member(const json::object& object, std::string_view name)
{
    const json::value* value = object.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}

std::string string_member(const json::object& object, std::string_view name)
{
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// The object that says most takes part first; what it leaves open, an outer one may say.
void take_attributes(const json::object& source, api_error_details& details)
{
    const auto take = [&](std::string& target, std::string_view name) {
        if (target.empty())
            target = printed(source.if_contains(name));
    };
    take(details.type, "type");
    take(details.api_code, "code");
    take(details.param, "param");
}

bool take_message(std::string message, const json::object& source, api_error_details& details)
{
    if (message.empty())
        return false;
    details.message = std::move(message);
    take_attributes(source, details);
    return true;
}

std::string joined_location(const json::value* location)
{
    if (location == nullptr || !location->is_array())
        return printed(location);
    std::string text;
    for (const json::value& step : location->get_array())
        text.append(text.empty() ? "" : ".").append(printed(&step));
    return text;
}

std::string json_text(const json::value* value)
{
    return value == nullptr ? std::string() : json::serialize(*value);
}

// `detail` of a 422: items with `loc`, `msg` and `type`.
bool take_validation(const json::value* detail, api_error_details& details)
{
    if (detail == nullptr || !detail->is_array())
        return false;
    for (const json::value& item : detail->get_array()) {
        if (const json::object* object = item.if_object()) {
            details.validation.push_back(
                {joined_location(object->if_contains("loc")),
                 string_member(*object, "msg"),
                 string_member(*object, "type"),
                 json_text(object->if_contains("input")),
                 json_text(object->if_contains("ctx"))}
            );
        }
        else if (item.is_string())
            details.validation.push_back({.message = std::string(item.get_string())});
    }
    if (details.validation.empty())
        return false;
    const validation_item& first = details.validation.front();
    details.message = first.location.empty() ? first.message : first.location + ": " + first.message;
    return !details.message.empty();
}

// `errors`: texts, or objects with a `message`.
bool take_first_of_list(const json::object& root, api_error_details& details)
{
    const json::value* errors = root.if_contains("errors");
    if (errors == nullptr || !errors->is_array() || errors->get_array().empty())
        return false;
    const json::value& first = errors->get_array().front();
    if (const json::object* object = first.if_object())
        return take_message(string_member(*object, "message"), *object, details);
    return take_message(printed(&first), root, details);
}

// In the order in which the shapes are told apart; whatever comes first and has words wins.
bool take_known_shape(const json::object& root, api_error_details& details)
{
    const json::object* error = object_member(root, "error");
    const json::object* detail = object_member(root, "detail");
    const json::object* detail_error = detail == nullptr ? nullptr : object_member(*detail, "error");
    const json::object* message = object_member(root, "message");
    const bool found =
        (error != nullptr && take_message(string_member(*error, "message"), *error, details)) ||
        take_message(string_member(root, "error"), root, details) ||
        (detail_error != nullptr && take_message(string_member(*detail_error, "message"), *detail_error, details)) ||
        (detail != nullptr && take_message(string_member(*detail, "message"), *detail, details)) ||
        take_message(string_member(root, "detail"), root, details) ||
        take_validation(root.if_contains("detail"), details) ||
        take_message(string_member(root, "message"), root, details) ||
        (message != nullptr && take_validation(message->if_contains("detail"), details)) ||
        take_first_of_list(root, details);
    if (error != nullptr)
        take_attributes(*error, details);
    take_attributes(root, details);
    if (details.type.empty() && !details.validation.empty())
        details.type = details.validation.front().type;
    return found;
}

std::string message_of_text(std::string_view body, int status)
{
    const std::string_view text = support::trimmed(body);
    if (text.empty() || text.starts_with('<'))
        return "HTTP " + std::to_string(status);
    return std::string(support::utf8_prefix(text, max_message_bytes));
}

}  // namespace

void decode_api_error(std::string_view body, api_error_details& details)
{
    boost::system::error_code ec;
    json::monotonic_resource memory;
    const json::value root = parse_json(body, ec, &memory);
    // Google's endpoint puts the object into a list.
    const json::array* list = root.if_array();
    const json::value& body_value = list != nullptr && !list->empty() ? list->front() : root;
    if (const json::object* object = body_value.if_object()) {
        if (take_known_shape(*object, details))
            return;
    }
    if (root.is_string())
        details.message = message_of_text(std::string_view(root.get_string()), details.status);
    else
        details.message = message_of_text(body, details.status);
}

bool is_error_object(const json::object& object)
{
    const json::value* error = object.if_contains("error");
    if (error == nullptr)
        return false;
    switch (error->kind()) {
    case json::kind::null:
        return false;
    case json::kind::bool_:
        return error->get_bool();
    case json::kind::int64:
        return error->get_int64() != 0;
    case json::kind::double_:
        return error->get_double() != 0;
    case json::kind::string:
        return !error->get_string().empty();
    default:
        return true;
    }
}

}  // namespace dedalus::codec
