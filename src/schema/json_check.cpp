#include <dedalus/detail/json_check.hpp>
#include <dedalus/parse_error.hpp>

#include "codec/wire_error.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace dedalus::detail {

namespace json = boost::json;

namespace {

constexpr std::size_t max_listed_words = 64;

std::string text_of_path(const json_path& at)
{
    const std::string text = at.text();
    return text.empty() || text.front() == '[' ? "$" + text : "$." + text;
}

[[noreturn]] void refuse_kind(const json_path& at, std::string_view expected, const json::value& got)
{
    refuse(at, codec::mismatch_text(expected, got.kind()));
}

// Nothing: no integer that fits into 64 bits with its sign. Empty integers are told apart by is_number().
std::optional<std::int64_t> exact_int64(const json::value& from) noexcept
{
    constexpr double limit = 9223372036854775808.0;  // 2^63; -2^63 fits, 2^63 does not
    if (from.is_int64())
        return from.get_int64();
    if (from.is_double() && from.get_double() >= -limit && from.get_double() < limit &&
        std::nearbyint(from.get_double()) == from.get_double())
        return static_cast<std::int64_t>(from.get_double());
    return std::nullopt;
}

std::optional<std::uint64_t> exact_uint64(const json::value& from) noexcept
{
    constexpr double limit = 18446744073709551616.0;  // 2^64
    if (from.is_uint64())
        return from.get_uint64();
    if (from.is_double() && from.get_double() >= 0 && from.get_double() < limit &&
        std::nearbyint(from.get_double()) == from.get_double())
        return static_cast<std::uint64_t>(from.get_double());
    const std::optional<std::int64_t> number = exact_int64(from);
    if (number && *number >= 0)
        return static_cast<std::uint64_t>(*number);
    return std::nullopt;
}

[[noreturn]] void refuse_integer(const json::value& from, const std::string& range, const json_path& at)
{
    if (!from.is_number())
        refuse_kind(at, "an integer", from);
    if (from.is_double() && std::nearbyint(from.get_double()) != from.get_double())
        refuse(at, "expected an integer, got a fraction");
    refuse(at, "expected an integer " + range + ", got a number out of this range");
}

// The shortest text that stands for the number, without the exponent of small integers.
std::string spelled(double number)
{
    if (std::nearbyint(number) == number && std::fabs(number) < 1e15)
        return std::to_string(static_cast<std::int64_t>(number));
    std::string text = std::to_string(number);
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

bool is_multiple(double number, double of) noexcept
{
    // Decimal fractions are no doubles: as much as their rounding may be left over.
    const double rounding = 2 * std::numeric_limits<double>::epsilon() * std::fabs(number);
    return std::fabs(std::remainder(number, of)) <= rounding;
}

std::size_t count_code_points(std::string_view text) noexcept
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

void check_range(
    std::size_t size,
    std::optional<std::size_t> smallest,
    std::optional<std::size_t> largest,
    std::string_view unit,
    const json_path& at
)
{
    if (smallest && size < *smallest)
        refuse(at, "has fewer than " + std::to_string(*smallest) + ' ' + std::string(unit));
    if (largest && size > *largest)
        refuse(at, "has more than " + std::to_string(*largest) + ' ' + std::string(unit));
}

std::optional<std::size_t> find_word(const json::value& json, std::span<const std::string_view> words) noexcept
{
    if (!json.is_string())
        return std::nullopt;
    const auto found = std::find(words.begin(), words.end(), std::string_view(json.get_string()));
    if (found == words.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - words.begin());
}

}  // namespace

void refuse(const json_path& at, std::string_view problem)
{
    throw validation_error(text_of_path(at), std::string(problem));
}

void refuse_unknown_member(const json::object& object, std::span<const std::string_view> names, const json_path& at)
{
    const auto unknown = std::find_if(object.begin(), object.end(), [names](const json::key_value_pair& member) {
        return std::find(names.begin(), names.end(), std::string_view(member.key())) == names.end();
    });
    refuse(json_path(at, std::string_view(unknown->key())), "is not a member that is allowed here");
}

bool boolean_of(const json::value& from, const json_path& at)
{
    if (!from.is_bool())
        refuse_kind(at, "a boolean", from);
    return from.get_bool();
}

std::int64_t integer_of(const json::value& from, std::int64_t smallest, std::int64_t largest, const json_path& at)
{
    const std::optional<std::int64_t> number = exact_int64(from);
    if (!number || *number < smallest || *number > largest)
        refuse_integer(from, "from " + std::to_string(smallest) + " to " + std::to_string(largest), at);
    return *number;
}

std::uint64_t unsigned_of(const json::value& from, std::uint64_t largest, const json_path& at)
{
    const std::optional<std::uint64_t> number = exact_uint64(from);
    if (!number || *number > largest)
        refuse_integer(from, "from 0 to " + std::to_string(largest), at);
    return *number;
}

double number_of(const json::value& from, double largest, const json_path& at)
{
    if (!from.is_number())
        refuse_kind(at, "a number", from);
    const double number = from.to_number<double>();
    if (!(std::fabs(number) <= largest))
        refuse(at, "the number is too large for its type");
    return number;
}

std::string text_of(const json::value& from, const json_path& at)
{
    if (!from.is_string())
        refuse_kind(at, "a string", from);
    return std::string(from.get_string());
}

void require_null(const json::value& from, const json_path& at)
{
    if (!from.is_null())
        refuse_kind(at, "null", from);
}

const json::object& object_of(const json::value& from, const json_path& at)
{
    if (!from.is_object())
        refuse_kind(at, "an object", from);
    return from.get_object();
}

const json::array& array_of(const json::value& from, const json_path& at)
{
    if (!from.is_array())
        refuse_kind(at, "an array", from);
    return from.get_array();
}

std::size_t index_of_word(const json::value& from, std::span<const std::string_view> words, const json_path& at)
{
    if (!from.is_string())
        refuse_kind(at, "a string", from);
    const std::optional<std::size_t> found = find_word(from, words);
    if (found)
        return *found;
    std::string problem = "expected one of ";
    for (std::size_t i = 0; i < words.size() && i < max_listed_words; ++i)
        problem.append(i > 0 ? ", " : "").append(words[i]);
    refuse(at, problem.append(words.size() > max_listed_words ? ", ..., got another word" : ", got another word"));
}

void check_number(double number, const schema_annotation& limits, const json_path& at)
{
    if (limits.minimum && number < *limits.minimum)
        refuse(at, "is less than " + spelled(*limits.minimum));
    if (limits.maximum && number > *limits.maximum)
        refuse(at, "is more than " + spelled(*limits.maximum));
    if (limits.exclusive_minimum && number <= *limits.exclusive_minimum)
        refuse(at, "is not more than " + spelled(*limits.exclusive_minimum));
    if (limits.exclusive_maximum && number >= *limits.exclusive_maximum)
        refuse(at, "is not less than " + spelled(*limits.exclusive_maximum));
    if (limits.multiple_of && !is_multiple(number, *limits.multiple_of))
        refuse(at, "is no multiple of " + spelled(*limits.multiple_of));
}

void check_text(std::string_view text, const schema_annotation& limits, const json_path& at)
{
    if (limits.min_length || limits.max_length)
        check_range(count_code_points(text), limits.min_length, limits.max_length, "characters", at);
}

void check_size(std::size_t size, const schema_annotation& limits, const json_path& at)
{
    check_range(size, limits.min_items, limits.max_items, "items", at);
}

std::size_t choose_alternative(
    std::span<const bool> of_kind, std::span<const bool> fitting, const json::value& from, const json_path& at
)
{
    const auto first = std::find(fitting.begin(), fitting.end(), true);
    if (first != fitting.end())
        return static_cast<std::size_t>(first - fitting.begin());
    if (std::count(of_kind.begin(), of_kind.end(), true) != 1)
        refuse_kind(at, "one of several types", from);
    return static_cast<std::size_t>(std::find(of_kind.begin(), of_kind.end(), true) - of_kind.begin());
}

bool is_word(const json::value& json, std::span<const std::string_view> words) noexcept
{
    return find_word(json, words).has_value();
}

bool is_integer(const json::value& json, bool is_signed, std::uint64_t largest) noexcept
{
    if (!is_signed) {
        const std::optional<std::uint64_t> number = exact_uint64(json);
        return number && *number <= largest;
    }
    const auto upper = static_cast<std::int64_t>(largest);
    const std::optional<std::int64_t> number = exact_int64(json);
    return number && *number <= upper && *number >= -upper - 1;
}

bool is_kind(const json::value& json, json_shape shape) noexcept
{
    switch (shape) {
    case json_shape::boolean:
        return json.is_bool();
    case json_shape::number:
        return json.is_number();
    case json_shape::text:
        return json.is_string();
    case json_shape::null:
        return json.is_null();
    case json_shape::any_object:
    case json_shape::map:
        return json.is_object();
    case json_shape::any_array:
        return json.is_array();
    default:
        return true;
    }
}

void require_finite(double number, const json_path& at)
{
    if (!std::isfinite(number))
        refuse(at, "NaN and infinity have no form in JSON");
}

void require_utf8(std::string_view text, const json_path& at)
{
    if (!support::is_utf8(text))
        refuse(at, "the text is not valid UTF-8");
}

}  // namespace dedalus::detail
