#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dedalus {

/// `{"type":"text"}`, the default.
struct response_format_text
{
    static constexpr std::string_view type = "text";

    boost::json::object extra{};

    bool operator==(const response_format_text&) const = default;
};

/// `{"type":"json_object"}`: JSON of any shape; a message must ask the model for JSON.
struct response_format_json_object
{
    static constexpr std::string_view type = "json_object";

    boost::json::object extra{};

    bool operator==(const response_format_json_object&) const = default;
};

/// The schema of `response_format_json_schema`.
struct json_schema_format
{
    std::string name{};  ///< letters, digits, `_` and `-`, at most 64
    std::optional<std::string> description{};
    std::optional<boost::json::object> schema{};
    std::optional<bool> strict{};
    boost::json::object extra{};

    bool operator==(const json_schema_format&) const = default;
};

/// `{"type":"json_schema","json_schema":{...}}`: JSON of this schema.
struct response_format_json_schema
{
    static constexpr std::string_view type = "json_schema";

    json_schema_format json_schema{};
    boost::json::object extra{};

    bool operator==(const response_format_json_schema&) const = default;
};

using response_format =
    std::variant<response_format_text, response_format_json_object, response_format_json_schema, boost::json::object>;

}  // namespace dedalus
