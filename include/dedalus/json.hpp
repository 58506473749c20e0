#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/config.hpp>
#include <dedalus/open_enum.hpp>

#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/json/conversion.hpp>
#include <boost/json/system_error.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <boost/mp11/algorithm.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <variant>

namespace dedalus {

/// Whether the member of this name was null on the wire. For structs that have `nulls`; others keep it in `extra`.
template <class T>
bool is_explicit_null(const T& object, std::string_view member)
{
    std::size_t place = 0;
    bool found = false;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>([&](auto each) {
        found = found || (each.name == member && object.nulls.contains(place));
        ++place;
    });
    return found;
}

/// A struct of the wire: has `extra` for the members that it does not know. Which ones it knows the library alone
/// has to see.
template <class T>
concept wire_struct = std::same_as<decltype(T::extra), boost::json::object>;

/// An open enumeration of the wire.
template <class T>
concept wire_enum = std::derived_from<T, open_enum<T>>;

/// A struct or an enumeration of the wire.
template <class T>
concept wire_class = wire_struct<T> || wire_enum<T>;

/// A variant of the wire. One that has standard types only, as `stop_sequences`, is converted by Boost.JSON's own
/// rules.
template <class T>
concept wire_variant =
    std::same_as<T, thought_part> || std::same_as<T, content_part> || std::same_as<T, message_content> ||
    std::same_as<T, message> || std::same_as<T, custom_format> || std::same_as<T, tool> || std::same_as<T, tool_call> ||
    std::same_as<T, tool_choice> || std::same_as<T, response_format> || std::same_as<T, mcp_server> ||
    std::same_as<T, mcp_server_selection> || std::same_as<T, credential_selection> ||
    std::same_as<T, thinking_config> || std::same_as<T, model_entry> || std::same_as<T, model_selection>;

/// What `boost::json::value_from` and `boost::json::value_to` convert by the rules of the wire (content.hpp).
template <class T>
concept wire_type = wire_class<T> || wire_variant<T>;

/// Makes `boost::json::value_from(value)` work. Throws invalid_request_error for NaN, infinity, invalid UTF-8 and JSON
/// that would be nested more than 128 deep, with the JSON path.
template <wire_class T>
void tag_invoke(boost::json::value_from_tag, boost::json::value& json, const T& value);

/// The same for variants. The shape is that of Boost.JSON's own conversion of variants, so that this one is preferred.
template <class... Ts>
void tag_invoke(boost::json::value_from_tag, boost::json::value& json, const std::variant<Ts...>& value) requires
    wire_variant<std::variant<Ts...>>;

template <class... Ts>
void tag_invoke(boost::json::value_from_tag tag, boost::json::value& json, std::variant<Ts...>&& value) requires
    wire_variant<std::variant<Ts...>>
{
    const std::variant<Ts...>& source = value;
    tag_invoke(tag, json, source);
}

/// Makes `boost::json::value_to<T>(json)` work. Throws response_format_error, with the JSON path, when a member has a
/// wrong type or is nested more than 128 deep. A missing member keeps its default value; unknown members go to `extra`.
template <wire_type T>
T tag_invoke(boost::json::value_to_tag<T>, const boost::json::value& json);

/// Makes `boost::json::try_value_to<T>(json)` work for variants, which Boost.JSON would read as the first alternative
/// that takes the value. It holds errc::invalid_response when a member has a wrong type.
template <class... Ts>
boost::json::result<std::variant<Ts...>> tag_invoke(
    boost::json::try_value_to_tag<std::variant<Ts...>>, const boost::json::value& json
) requires wire_variant<std::variant<Ts...>>;

}  // namespace dedalus
