#pragma once

#include <dedalus/schema/annotation.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

// Types of a user, in all the shapes that the library takes.

namespace test {

struct weather_query
{
    std::string city;
    std::optional<std::string> unit;

    bool operator==(const weather_query&) const = default;
};
BOOST_DESCRIBE_STRUCT(weather_query, (), (city, unit))

enum class sky
{
    clear,
    cloudy = 7,
};
BOOST_DESCRIBE_ENUM(sky, clear, cloudy)

struct place
{
    double latitude = 0;
    float longitude = 0;

    bool operator==(const place&) const = default;
};
BOOST_DESCRIBE_STRUCT(place, (), (latitude, longitude))

struct named
{
    std::string name;

    bool operator==(const named&) const = default;
};
BOOST_DESCRIBE_STRUCT(named, (), (name))

struct report : named
{
    test::sky sky = test::sky::clear;
    std::vector<place> places;
    std::optional<place> best;
    std::map<std::string, int> counts;

    bool operator==(const report&) const = default;
};
BOOST_DESCRIBE_STRUCT(report, (named), (sky, places, best, counts))

struct numbers
{
    std::int8_t tiny = 0;
    std::uint32_t narrow = 0;
    std::int64_t wide = 0;
    std::uint64_t huge = 0;
    bool flag = false;

    bool operator==(const numbers&) const = default;
};
BOOST_DESCRIBE_STRUCT(numbers, (), (tiny, narrow, wide, huge, flag))

struct sequences
{
    std::list<bool> bits;
    std::vector<bool> packed;
    std::array<int, 2> pair{};
    std::deque<std::optional<std::string>> words;

    bool operator==(const sequences&) const = default;
};
BOOST_DESCRIBE_STRUCT(sequences, (), (bits, packed, pair, words))

struct anything
{
    boost::json::value value;
    boost::json::object object;
    boost::json::array array;

    bool operator==(const anything&) const = default;
};
BOOST_DESCRIBE_STRUCT(anything, (), (value, object, array))

enum class circle_kind
{
    circle,
};
BOOST_DESCRIBE_ENUM(circle_kind, circle)

enum class square_kind
{
    square,
};
BOOST_DESCRIBE_ENUM(square_kind, square)

struct circle
{
    circle_kind kind = circle_kind::circle;
    double size = 0;

    bool operator==(const circle&) const = default;
};
BOOST_DESCRIBE_STRUCT(circle, (), (kind, size))

struct square
{
    square_kind kind = square_kind::square;
    double size = 0;

    bool operator==(const square&) const = default;
};
BOOST_DESCRIBE_STRUCT(square, (), (kind, size))

struct drawing
{
    std::variant<circle, square> shape;
    std::optional<std::variant<std::monostate, std::string, int, double>> note;

    bool operator==(const drawing&) const = default;
};
BOOST_DESCRIBE_STRUCT(drawing, (), (shape, note))

struct tree
{
    std::string label;
    std::vector<tree> children;

    bool operator==(const tree&) const = default;
};
BOOST_DESCRIBE_STRUCT(tree, (), (label, children))

struct forest
{
    tree oldest;
    std::vector<tree> others;

    bool operator==(const forest&) const = default;
};
BOOST_DESCRIBE_STRUCT(forest, (), (oldest, others))

/// Two structs that differ behind their list of both: the worst case of a reader that tries one after another.
struct minus;
struct plus;

struct minus
{
    std::vector<std::variant<minus, plus>> of;
    int end = 0;
};

struct plus
{
    std::vector<std::variant<minus, plus>> of;
    std::string end;
};
BOOST_DESCRIBE_STRUCT(minus, (), (of, end))
BOOST_DESCRIBE_STRUCT(plus, (), (of, end))

/// Has conversions of its own: a text "<hours>h".
struct duration
{
    int hours = 0;

    bool operator==(const duration&) const = default;

    friend void tag_invoke(boost::json::value_from_tag, boost::json::value& json, const duration& value)
    {
        json = std::to_string(value.hours) + "h";
    }

    friend duration tag_invoke(boost::json::value_to_tag<duration>, const boost::json::value& json)
    {
        const std::string text(json.as_string());
        if (text.empty() || text.back() != 'h')
            throw std::runtime_error("no duration: " + text);
        return {std::stoi(text)};
    }
};

struct trip
{
    duration takes;
    std::vector<duration> stops;

    bool operator==(const trip&) const = default;
};
BOOST_DESCRIBE_STRUCT(trip, (), (takes, stops))

struct order
{
    std::string code;
    int count = 0;
    std::optional<double> price;
    std::vector<std::string> notes;
    std::uint8_t level = 0;

    bool operator==(const order&) const = default;
};
BOOST_DESCRIBE_STRUCT(order, (), (code, count, price, notes, level))

}  // namespace test

template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&test::order::code>{
    .description = "Code of the article", .pattern = "^[A-Z]+$", .min_length = 2, .max_length = 4};
template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&test::order::count>{
    .exclusive_minimum = 0, .exclusive_maximum = 100, .multiple_of = 5};
template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&test::order::price>{
    .description = "In euros", .minimum = 0.5, .maximum = 99.5, .multiple_of = 0.01};
template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&test::order::notes>{.min_items = 1, .max_items = 2};
template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&test::order::level>{.minimum = -5, .maximum = 9};
template <>
inline constexpr dedalus::type_annotation dedalus::type_annotation_of<test::order>{
    .name = "purchase order", .description = "What to buy"};
template <>
inline constexpr dedalus::type_annotation dedalus::type_annotation_of<test::duration>{
    .schema = R"({"type":"string","pattern":"^[0-9]+h$"})"};
