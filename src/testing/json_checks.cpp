#include "testing/json_checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace dedalus::testing::checks {

namespace json = boost::json;

namespace {

std::size_t count_characters(std::string_view utf8)
{
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

/// "'a', 'b' or 'c'"
std::string listed(const std::vector<std::string>& words)
{
    std::string joined;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0)
            joined.append(i + 1 == words.size() ? " or " : ", ");
        joined.append("'").append(words[i]).append("'");
    }
    return joined;
}

/// "1 item", "2 items"
std::string counted(std::size_t n, const char* noun)
{
    return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

void check_size(
    std::size_t size,
    size_limits limits,
    const std::string& container,
    const json::value& input,
    const location& where,
    validation_report& report
)
{
    const std::string got = " after validation, not " + std::to_string(size);
    if (size < limits.min)
        report.add(where, "too_short", container + " should have at least " + counted(limits.min, "item") + got, input);
    if (size > limits.max)
        report.add(where, "too_long", container + " should have at most " + counted(limits.max, "item") + got, input);
}

std::string shown(double value)
{
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%g", value);
    return buffer;
}

std::optional<std::int64_t> to_integer(const json::value& value)
{
    if (value.is_int64())
        return value.get_int64();
    if (value.is_double()) {
        const double number = value.get_double();
        constexpr double limit = 9007199254740992.0;  // 2^53: larger doubles have lost digits
        if (std::trunc(number) == number && std::abs(number) <= limit)
            return static_cast<std::int64_t>(number);
    }
    return std::nullopt;
}

template <class Number, class Show>
void check_range(
    Number value,
    Number min,
    Number max,
    const Show& show,
    const json::value& input,
    const location& where,
    validation_report& report
)
{
    if (value < min)
        report.add(where, "greater_than_equal", "Input should be greater than or equal to " + show(min), input);
    if (value > max)
        report.add(where, "less_than_equal", "Input should be less than or equal to " + show(max), input);
}

const field* find_field(const std::vector<field>& fields, std::string_view name)
{
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const field& f) { return f.name == name; });
    return found == fields.end() ? nullptr : &*found;
}

void check_members(
    const json::object& members,
    const std::vector<field>& fields,
    extra_keys extra,
    const location& where,
    validation_report& report
)
{
    for (const field& f : fields) {
        const json::value* value = members.if_contains(f.name);
        const location at(where, f.name);
        if (value == nullptr) {
            if (f.is_required)
                report.add(at, "missing", "Field required", members);
        }
        else if (!value->is_null() || !f.accepts_null)
            f.check(*value, at, report);
    }
    if (extra == extra_keys::allowed)
        return;
    for (const auto& member : members)
        if (find_field(fields, member.key()) == nullptr)
            report.add(
                location(where, member.key()), "extra_forbidden", "Extra inputs are not permitted", member.value()
            );
}

}  // namespace

field required(std::string name, checker check)
{
    return {std::move(name), std::move(check), true, false};
}

field optional(std::string name, checker check)
{
    return {std::move(name), std::move(check), false, false};
}

field nullable(std::string name, checker check)
{
    return {std::move(name), std::move(check), false, true};
}

checker anything()
{
    return [](const json::value&, const location&, validation_report&) {};
}

checker text(text_limits limits)
{
    return [limits](const json::value& value, const location& where, validation_report& report) {
        if (!value.is_string()) {
            report.add(where, "string_type", "Input should be a valid string", value);
            return;
        }
        const std::size_t size = count_characters(value.get_string());
        if (size < limits.min)
            report.add(
                where, "string_too_short", "String should have at least " + counted(limits.min, "character"), value
            );
        if (size > limits.max)
            report.add(
                where, "string_too_long", "String should have at most " + counted(limits.max, "character"), value
            );
    };
}

checker text_matching(std::string pattern, bool (*matches)(std::string_view))
{
    return [pattern = std::move(pattern),
            matches](const json::value& value, const location& where, validation_report& report) {
        if (!value.is_string())
            report.add(where, "string_type", "Input should be a valid string", value);
        else if (!matches(value.get_string()))
            report.add(where, "string_pattern_mismatch", "String should match pattern '" + pattern + "'", value);
    };
}

checker one_of(std::vector<std::string> words)
{
    return [words = std::move(words)](const json::value& value, const location& where, validation_report& report) {
        const bool known = value.is_string() && std::any_of(words.begin(), words.end(), [&](const std::string& w) {
                               return value.get_string() == w;
                           });
        if (!known)
            report.add(where, "literal_error", "Input should be " + listed(words), value);
    };
}

checker boolean()
{
    return [](const json::value& value, const location& where, validation_report& report) {
        if (!value.is_bool())
            report.add(where, "bool_type", "Input should be a valid boolean", value);
    };
}

checker integer(std::int64_t min, std::int64_t max)
{
    return [min, max](const json::value& value, const location& where, validation_report& report) {
        const std::optional<std::int64_t> number = to_integer(value);
        if (number)
            check_range(
                *number, min, max, [](std::int64_t n) { return std::to_string(n); }, value, where, report
            );
        else if (value.is_uint64())
            report.add(where, "less_than_equal", "Input should be less than or equal to " + std::to_string(max), value);
        else if (value.is_double())
            report.add(
                where, "int_from_float", "Input should be a valid integer, got a number with a fractional part", value
            );
        else
            report.add(where, "int_type", "Input should be a valid integer", value);
    };
}

checker number(double min, double max)
{
    return [min, max](const json::value& value, const location& where, validation_report& report) {
        if (value.is_number())
            check_range(value.to_number<double>(), min, max, shown, value, where, report);
        else
            report.add(where, "float_type", "Input should be a valid number", value);
    };
}

checker list(checker item, size_limits limits)
{
    return
        [item = std::move(item), limits](const json::value& value, const location& where, validation_report& report) {
            if (!value.is_array()) {
                report.add(where, "list_type", "Input should be a valid list", value);
                return;
            }
            const json::array& items = value.get_array();
            check_size(items.size(), limits, "List", value, where, report);
            for (std::size_t i = 0; i < items.size(); ++i)
                item(items[i], location(where, i), report);
        };
}

checker map(checker value_check, text_limits keys, size_limits limits)
{
    return [value_check = std::move(value_check),
            key_check = text(keys),
            limits](const json::value& value, const location& where, validation_report& report) {
        if (!value.is_object()) {
            report.add(where, "dict_type", "Input should be a valid dictionary", value);
            return;
        }
        const json::object& members = value.get_object();
        check_size(members.size(), limits, "Dictionary", value, where, report);
        for (const auto& member : members) {
            const location at(where, member.key());
            key_check(json::value(member.key()), location(at, "[key]"), report);
            value_check(member.value(), at, report);
        }
    };
}

checker object(std::vector<field> fields, extra_keys extra)
{
    return [fields = std::move(fields),
            extra](const json::value& value, const location& where, validation_report& report) {
        if (value.is_object())
            check_members(value.get_object(), fields, extra, where, report);
        else
            report.add(
                where,
                "model_attributes_type",
                "Input should be a valid dictionary or object to extract fields from",
                value
            );
    };
}

checker free_object()
{
    return map(anything());
}

checker either(by_kind alternatives, std::string expectation)
{
    return [alternatives = std::move(alternatives),
            expectation =
                std::move(expectation)](const json::value& value, const location& where, validation_report& report) {
        const checker* chosen = nullptr;
        if (value.is_string())
            chosen = &alternatives.string;
        else if (value.is_object())
            chosen = &alternatives.object;
        else if (value.is_array())
            chosen = &alternatives.array;
        else if (value.is_number())
            chosen = &alternatives.number;
        else if (value.is_bool())
            chosen = &alternatives.boolean;
        if (chosen != nullptr && *chosen)
            (*chosen)(value, where, report);
        else
            report.add(where, "union_type", "Input should be " + expectation, value);
    };
}

checker tagged(std::string tag, std::vector<std::pair<std::string, checker>> alternatives, std::string default_tag)
{
    return [tag = std::move(tag), alternatives = std::move(alternatives), default_tag = std::move(default_tag)](
               const json::value& value, const location& where, validation_report& report
           ) {
        if (!value.is_object()) {
            report.add(
                where,
                "model_attributes_type",
                "Input should be a valid dictionary or object to extract fields from",
                value
            );
            return;
        }
        const json::value* found = value.get_object().if_contains(tag);
        if ((found == nullptr && default_tag.empty()) || (found != nullptr && !found->is_string())) {
            report.add(where, "union_tag_not_found", "Unable to extract tag using discriminator '" + tag + "'", value);
            return;
        }
        const std::string_view word = found != nullptr ? std::string_view(found->get_string()) : default_tag;
        std::vector<std::string> expected;
        for (const auto& [name, check] : alternatives) {
            if (name == word) {
                check(value, where, report);
                return;
            }
            expected.push_back(name);
        }
        report.add(
            where,
            "union_tag_invalid",
            "Input tag '" + std::string(word) + "' found using '" + tag +
                "' does not match any of the expected tags: " + listed(expected),
            value
        );
    };
}

checker all(std::vector<checker> parts)
{
    return [parts = std::move(parts)](const json::value& value, const location& where, validation_report& report) {
        for (const checker& part : parts)
            part(value, where, report);
    };
}

}  // namespace dedalus::testing::checks
