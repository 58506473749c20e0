#include <dedalus/detail/json_path.hpp>
#include <dedalus/schema/schema_check.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace dedalus {

namespace json = boost::json;

namespace {

constexpr int deepest_schema = 128;
constexpr int most_steps = 100000;  // alternatives inside alternatives multiply

bool is_whole(const json::value& value)
{
    return value.is_int64() || value.is_uint64() ||
           (value.is_double() && std::nearbyint(value.get_double()) == value.get_double());
}

bool has_type(const json::value& value, std::string_view type)
{
    if (type == "integer")
        return is_whole(value);
    if (type == "number")
        return value.is_number();
    const std::string_view is = value.is_object()   ? "object"
                                : value.is_array()  ? "array"
                                : value.is_string() ? "string"
                                : value.is_bool()   ? "boolean"
                                : value.is_null()   ? "null"
                                                    : "number";
    return type == is;
}

// 1 and 1.0 are the same number.
bool is_same(const json::value& a, const json::value& b)
{
    if (a.is_number() && b.is_number())
        return a == b || a.to_number<double>() == b.to_number<double>();
    return a == b;
}

std::size_t code_points(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

std::string number_text(const json::value& limit)
{
    return json::serialize(limit);
}

/// What is wrong with a value that is a number, or a text.
std::string number_problem(const json::object& schema, const json::value& value)
{
    const double number = value.to_number<double>();
    const json::value* least = schema.if_contains("minimum");
    if (least != nullptr && least->is_number() && number < least->to_number<double>())
        return "must be at least " + number_text(*least);
    const json::value* most = schema.if_contains("maximum");
    if (most != nullptr && most->is_number() && number > most->to_number<double>())
        return "must be at most " + number_text(*most);
    return {};
}

std::string
size_problem(const json::object& schema, std::size_t size, std::string_view least_key, std::string_view most_key)
{
    const json::value* least = schema.if_contains(least_key);
    if (least != nullptr && least->is_number() && static_cast<double>(size) < least->to_number<double>())
        return "must have at least " + number_text(*least) + (least_key == "minItems" ? " elements" : " characters");
    const json::value* most = schema.if_contains(most_key);
    if (most != nullptr && most->is_number() && static_cast<double>(size) > most->to_number<double>())
        return "must have at most " + number_text(*most) + (most_key == "maxItems" ? " elements" : " characters");
    return {};
}

std::string type_problem(const json::value& type, const json::value& value)
{
    if (type.is_string())
        return has_type(value, type.get_string()) ? "" : "must be of type " + std::string(type.get_string());
    if (!type.is_array())
        return {};
    const json::array& types = type.get_array();
    const bool fits = std::any_of(types.begin(), types.end(), [&value](const json::value& each) {
        return each.is_string() && has_type(value, each.get_string());
    });
    return fits ? "" : "must be of one of the types " + json::serialize(type);
}

/// What is wrong with a value, but for what is inside it.
std::string value_problem(const json::object& schema, const json::value& value)
{
    const json::value* type = schema.if_contains("type");
    std::string problem = type == nullptr ? std::string() : type_problem(*type, value);
    if (!problem.empty())
        return problem;
    if (const json::value* word = schema.if_contains("const"); word != nullptr && !is_same(*word, value))
        return "must be " + json::serialize(*word);
    if (const json::value* words = schema.if_contains("enum"); words != nullptr && words->is_array()) {
        const json::array& all = words->get_array();
        const auto equal = [&value](const json::value& word) { return is_same(word, value); };
        if (std::none_of(all.begin(), all.end(), equal))
            return "must be one of " + json::serialize(all);
    }
    if (value.is_number())
        return number_problem(schema, value);
    if (value.is_string())
        return size_problem(schema, code_points(value.get_string()), "minLength", "maxLength");
    if (value.is_array())
        return size_problem(schema, value.get_array().size(), "minItems", "maxItems");
    return {};
}

class schema_checker
{
public:
    explicit schema_checker(const json::object& root) : root_(root) {}

    /// What is wrong, with its path, or "". A schema may be true or false, too.
    std::string check(const json::value& schema, const json::value& value, const detail::json_path& path)
    {
        if (schema.is_bool() && !schema.get_bool())
            return at(path) + "not allowed";
        return schema.is_object() ? check(schema.get_object(), value, path) : std::string();
    }

    std::string check(const json::object& schema, const json::value& value, const detail::json_path& path)
    {
        if (depth_ == deepest_schema || ++steps_ > most_steps)
            return at(path) + "nested too deep";
        ++depth_;
        std::string problem = check_here(schema, value, path);
        --depth_;
        return problem;
    }

private:
    static std::string at(const detail::json_path& path)
    {
        std::string text = path.text();
        return text.empty() ? text : text + ": ";
    }

    std::string check_here(const json::object& schema, const json::value& value, const detail::json_path& path)
    {
        std::string problem = check_reference(schema, value, path);
        if (problem.empty()) {
            problem = value_problem(schema, value);
            if (!problem.empty())
                return at(path) + problem;
            problem = check_any_of(schema, value, path);
        }
        if (problem.empty() && value.is_object())
            problem = check_members(schema, value.get_object(), path);
        if (problem.empty() && value.is_array())
            problem = check_elements(schema, value.get_array(), path);
        return problem;
    }

    std::string check_reference(const json::object& schema, const json::value& value, const detail::json_path& path)
    {
        constexpr std::string_view definitions = "#/$defs/";
        const json::value* reference = schema.if_contains("$ref");
        if (reference == nullptr || !reference->is_string())
            return {};
        const std::string_view name = reference->get_string();
        if (name == "#")
            return check(root_, value, path);
        const json::value* all = name.starts_with(definitions) ? root_.if_contains("$defs") : nullptr;
        if (all == nullptr || !all->is_object())
            return {};
        const json::value* target = all->get_object().if_contains(name.substr(definitions.size()));
        return target == nullptr ? std::string() : check(*target, value, path);
    }

    // Of alternatives that all fail, the first one with the right type tells the most.
    std::string check_any_of(const json::object& schema, const json::value& value, const detail::json_path& path)
    {
        const json::value* alternatives = schema.if_contains("anyOf");
        if (alternatives == nullptr || !alternatives->is_array())
            return {};
        std::string first;
        for (const json::value& each : alternatives->get_array()) {
            std::string problem = check(each, value, path);
            if (problem.empty())
                return {};
            const bool right_type = problem.find("must be of type") == std::string::npos;
            if (first.empty() || (right_type && first.find("must be of type") != std::string::npos))
                first = std::move(problem);
        }
        return first;
    }

    std::string check_members(const json::object& schema, const json::object& object, const detail::json_path& path)
    {
        if (const json::value* required = schema.if_contains("required"); required != nullptr && required->is_array()) {
            for (const json::value& name : required->get_array()) {
                if (name.is_string() && !object.contains(name.get_string()))
                    return at(path) + "the member " + json::serialize(name) + " is missing";
            }
        }
        const json::value* known = schema.if_contains("properties");
        const json::value* others = schema.if_contains("additionalProperties");
        for (const json::key_value_pair& member : object) {
            const json::value* described =
                known != nullptr && known->is_object() ? known->get_object().if_contains(member.key()) : nullptr;
            if (described == nullptr && others != nullptr && others->is_bool() && !others->get_bool())
                return at(path) + "the member " + json::serialize(json::string(member.key())) + " is not known";
            const json::value* applies = described != nullptr ? described : others;
            const detail::json_path place(path, member.key());
            std::string problem = applies == nullptr ? std::string() : check(*applies, member.value(), place);
            if (!problem.empty())
                return problem;
        }
        return {};
    }

    std::string check_elements(const json::object& schema, const json::array& array, const detail::json_path& path)
    {
        const json::value* items = schema.if_contains("items");
        for (std::size_t i = 0; items != nullptr && i < array.size(); ++i) {
            const detail::json_path place(path, i);
            std::string problem = check(*items, array[i], place);
            if (!problem.empty())
                return problem;
        }
        return {};
    }

    const json::object& root_;
    int depth_ = 0;
    int steps_ = 0;
};

}  // namespace

std::function<std::string(const json::object&)> schema_check(json::object schema)
{
    auto root = std::make_shared<const json::object>(std::move(schema));
    return [root](const json::object& value) {
        schema_checker checker(*root);
        return checker.check(*root, json::value(value), detail::json_path());
    };
}

}  // namespace dedalus
