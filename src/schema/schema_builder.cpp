#include <dedalus/detail/schema_builder.hpp>
#include <dedalus/error.hpp>

#include "codec/parse_json.hpp"
#include "support/ascii.hpp"

#include <boost/system/error_code.hpp>

#include <algorithm>
#include <cmath>

namespace dedalus::detail {

namespace json = boost::json;

namespace {

constexpr std::size_t max_name_length = 64;
constexpr double exact_integers = 9007199254740992.0;  // 2^53: up to here a double stands for one integer

std::string without_namespaces(std::string_view cpp_name)
{
    std::string name;
    for (std::size_t i = 0; i < cpp_name.size(); ++i) {
        if (cpp_name.substr(i, 2) == "::") {
            name.resize(name.find_last_of("<,") + 1);  // npos + 1 is 0
            ++i;
        }
        else {
            name += cpp_name[i];
        }
    }
    return name;
}

json::value number_json(double number)
{
    if (std::nearbyint(number) == number && std::fabs(number) <= exact_integers)
        return static_cast<std::int64_t>(number);
    return number;
}

// Of two limits the narrower one stays: the type's own, or the annotation's.
void narrow(json::object& schema, std::string_view key, std::optional<double> limit, bool is_upper)
{
    if (!limit)
        return;
    const json::value* present = schema.if_contains(key);
    const bool keeps = present != nullptr &&
                       (is_upper ? present->to_number<double>() <= *limit : present->to_number<double>() >= *limit);
    if (!keeps)
        schema[key] = number_json(*limit);
}

void set_size(json::object& schema, std::string_view key, std::optional<std::size_t> size)
{
    if (size)
        schema[key] = *size;
}

void set_text(json::object& schema, std::string_view key, std::string_view text)
{
    if (!text.empty())
        schema[key] = text;
}

}  // namespace

std::string name_from_type(std::string_view cpp_name)
{
    std::string name;
    for (const char c : without_namespaces(cpp_name)) {
        const bool allowed = support::ascii_is_alnum(c) || c == '_' || c == '-';
        if (allowed)
            name += c;
        else if (!name.empty() && name.back() != '_')
            name += '_';
    }
    while (!name.empty() && name.back() == '_')
        name.pop_back();
    if (name.size() > max_name_length)
        name.resize(max_name_length);
    return name.empty() ? "schema" : name;
}

json::object schema_builder::given_schema(std::string_view text)
{
    boost::system::error_code ec;
    json::value schema = codec::parse_json(text, ec);
    if (ec.failed() || !schema.is_object())
        throw config_error("type_annotation::schema is not a JSON object");
    return std::move(schema.get_object());
}

json::object schema_builder::simple_schema(json_shape shape)
{
    switch (shape) {
    case json_shape::boolean:
        return {{"type", "boolean"}};
    case json_shape::number:
        return {{"type", "number"}};
    case json_shape::text:
        return {{"type", "string"}};
    case json_shape::null:
        return {{"type", "null"}};
    case json_shape::any_object:
        return {{"type", "object"}};
    case json_shape::any_array:
        return {{"type", "array"}};
    default:
        return {};
    }
}

json::object
schema_builder::bounded_integer_schema(std::optional<std::int64_t> minimum, std::optional<std::int64_t> maximum)
{
    json::object schema{{"type", "integer"}};
    if (minimum)
        schema["minimum"] = *minimum;
    if (maximum)
        schema["maximum"] = *maximum;
    return schema;
}

json::object schema_builder::words_schema(json::array words, std::string_view description)
{
    json::object schema{{"type", "string"}};
    schema.emplace("enum", std::move(words));
    set_text(schema, "description", description);
    return schema;
}

json::object schema_builder::list_schema(json::object items, std::optional<std::size_t> size)
{
    json::object schema{{"type", "array"}};
    schema.emplace("items", std::move(items));
    set_size(schema, "minItems", size);
    set_size(schema, "maxItems", size);
    return schema;
}

json::object schema_builder::map_schema(json::object values)
{
    json::object schema{{"type", "object"}};
    schema.emplace("additionalProperties", std::move(values));
    return schema;
}

json::object schema_builder::nullable(json::object schema)
{
    json::object null{{"type", "null"}};
    if (json::value* alternatives = schema.if_contains("anyOf")) {
        alternatives->as_array().emplace_back(std::move(null));
        return schema;
    }
    json::array alternatives;
    alternatives.emplace_back(std::move(schema));
    alternatives.emplace_back(std::move(null));
    json::object result;
    result.emplace("anyOf", std::move(alternatives));
    return result;
}

json::object schema_builder::annotated(json::object schema, const schema_annotation& annotation)
{
    if (annotation == schema_annotation{})
        return schema;
    // The limits of an optional member are those of its value.
    json::value* const alternatives = schema.if_contains("anyOf");
    json::object& value = alternatives != nullptr ? alternatives->as_array().front().as_object() : schema;
    narrow(value, "minimum", annotation.minimum, false);
    narrow(value, "maximum", annotation.maximum, true);
    narrow(value, "exclusiveMinimum", annotation.exclusive_minimum, false);
    narrow(value, "exclusiveMaximum", annotation.exclusive_maximum, true);
    if (annotation.multiple_of)
        value["multipleOf"] = number_json(*annotation.multiple_of);
    set_size(value, "minLength", annotation.min_length);
    set_size(value, "maxLength", annotation.max_length);
    set_size(value, "minItems", annotation.min_items);
    set_size(value, "maxItems", annotation.max_items);
    set_text(value, "pattern", annotation.pattern);
    set_text(value, "format", annotation.format);

    // Nothing may stand beside a `$ref` in strict schemas.
    if (!annotation.description.empty() && schema.contains("$ref"))
        schema = json::object{{"anyOf", json::array{std::move(schema)}}};
    set_text(schema, "description", annotation.description);
    return schema;
}

std::optional<json::object> schema_builder::reference(const void* type)
{
    const auto being_written =
        std::find_if(open_.begin(), open_.end(), [type](const open_record& r) { return r.type == type; });
    if (being_written != open_.end()) {
        being_written->referenced = true;
        return json::object{{"$ref", type == root_ ? "#" : "#/$defs/" + being_written->name}};
    }
    const auto defined =
        std::find_if(defined_.begin(), defined_.end(), [type](const auto& d) { return d.first == type; });
    if (defined != defined_.end())
        return json::object{{"$ref", "#/$defs/" + defined->second}};
    return std::nullopt;
}

bool schema_builder::is_taken(std::string_view name) const
{
    return definitions_.contains(name) ||
           std::any_of(open_.begin(), open_.end(), [name](const open_record& r) { return r.name == name; });
}

void schema_builder::open(const void* type, std::string name)
{
    std::string free = name;
    for (int i = 2; is_taken(free); ++i)
        free = name + '_' + std::to_string(i);
    open_.push_back({type, std::move(free), false});
}

json::object schema_builder::close(json::object properties, std::string_view description)
{
    json::array required;
    for (const json::key_value_pair& property : properties)
        required.emplace_back(property.key());
    json::object schema{{"type", "object"}};
    schema.emplace("properties", std::move(properties));
    schema.emplace("required", std::move(required));
    schema.emplace("additionalProperties", false);
    set_text(schema, "description", description);

    open_record record = std::move(open_.back());
    open_.pop_back();
    if (!record.referenced || record.type == root_)
        return schema;
    definitions_.emplace(record.name, std::move(schema));
    json::object reference{{"$ref", "#/$defs/" + record.name}};
    defined_.emplace_back(record.type, std::move(record.name));
    return reference;
}

json::object schema_builder::finish(json::object root)
{
    if (!definitions_.empty())
        root.emplace("$defs", std::move(definitions_));
    return root;
}

}  // namespace dedalus::detail
