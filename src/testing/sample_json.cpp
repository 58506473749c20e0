#include "testing/sample_json.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

/// A recursive schema ends here.
constexpr int max_depth = 12;

class sampler
{
public:
    explicit sampler(const json::object& root) : root_(root) {}

    json::value sample(const json::object& schema, int depth) const
    {
        if (depth > max_depth)
            return nullptr;
        for (const char* exact : {"const", "default"})
            if (const json::value* value = schema.if_contains(exact))
                return *value;
        if (const json::value* words = schema.if_contains("enum"); words != nullptr && is_filled_array(*words))
            return words->get_array().front();
        if (const json::value* reference = schema.if_contains("$ref"); reference != nullptr && reference->is_string())
            return sample_referenced(reference->get_string(), depth);
        for (const char* union_key : {"anyOf", "oneOf", "allOf"})
            if (const json::value* branches = schema.if_contains(union_key))
                if (is_filled_array(*branches) && branches->get_array().front().is_object())
                    return sample(branches->get_array().front().get_object(), depth + 1);
        return sample_type(type_of(schema), schema, depth);
    }

private:
    static bool is_filled_array(const json::value& value) { return value.is_array() && !value.get_array().empty(); }

    static std::string_view type_of(const json::object& schema)
    {
        const json::value* type = schema.if_contains("type");
        if (type != nullptr && type->is_string())
            return type->get_string();
        if (type != nullptr && is_filled_array(*type) && type->get_array().front().is_string())
            return type->get_array().front().get_string();
        return "object";
    }

    static double number_at(const json::object& schema, std::string_view key, double otherwise)
    {
        const json::value* value = schema.if_contains(key);
        return value != nullptr && value->is_number() ? value->to_number<double>() : otherwise;
    }

    /// The number nearest to 1 that the limits allow.
    static double sample_number(const json::object& schema)
    {
        double number = std::max(1.0, number_at(schema, "minimum", 1.0));
        number = std::max(number, number_at(schema, "exclusiveMinimum", 0.0) + 1.0);
        return std::min(number, number_at(schema, "maximum", number));
    }

    json::value sample_type(std::string_view type, const json::object& schema, int depth) const
    {
        if (type == "string")
            return sample_string(schema);
        if (type == "integer")
            return static_cast<std::int64_t>(std::ceil(sample_number(schema)));
        if (type == "number")
            return sample_number(schema);
        if (type == "boolean")
            return true;
        if (type == "null")
            return nullptr;
        if (type == "array")
            return sample_array(schema, depth);
        return sample_object(schema, depth);
    }

    static json::value sample_string(const json::object& schema)
    {
        std::string text = "sample";
        const auto size = static_cast<std::size_t>(number_at(schema, "minLength", 0));
        if (text.size() < size)
            text.resize(std::min(size, std::size_t{4096}), 'x');
        const auto limit = static_cast<std::size_t>(number_at(schema, "maxLength", static_cast<double>(text.size())));
        return json::value(text.substr(0, limit));
    }

    json::value sample_array(const json::object& schema, int depth) const
    {
        json::array items;
        const json::value* item = schema.if_contains("items");
        const double size = std::min(number_at(schema, "minItems", 1), 16.0);
        for (double i = 0; i < size && item != nullptr && item->is_object(); ++i)
            items.push_back(sample(item->get_object(), depth + 1));
        return items;
    }

    json::value sample_object(const json::object& schema, int depth) const
    {
        json::object object;
        const json::value* names = schema.if_contains("required");
        const json::value* properties = schema.if_contains("properties");
        if (names == nullptr || !names->is_array())
            return object;
        for (const json::value& name : names->get_array()) {
            if (!name.is_string())
                continue;
            const json::value* property = properties != nullptr && properties->is_object()
                                              ? properties->get_object().if_contains(name.get_string())
                                              : nullptr;
            object[name.get_string()] = property != nullptr && property->is_object()
                                            ? sample(property->get_object(), depth + 1)
                                            : json::value("sample");
        }
        return object;
    }

    json::value sample_referenced(std::string_view reference, int depth) const
    {
        if (!reference.starts_with('#'))
            return nullptr;
        boost::system::error_code ec;
        const json::value root(root_);
        const json::value* target = root.find_pointer(reference.substr(1), ec);
        return target != nullptr && target->is_object() ? sample(target->get_object(), depth + 1) : json::value();
    }

    const json::object& root_;
};

}  // namespace

json::value sample_json(const json::object& schema)
{
    return sampler(schema).sample(schema, 0);
}

}  // namespace dedalus::testing
