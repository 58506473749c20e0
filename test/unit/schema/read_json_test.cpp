#include <dedalus/schema/read_json.hpp>

#include "support/catch.hpp"
#include "support/described_types.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <limits>
#include <string>
#include <string_view>

namespace read_json_test {

namespace json = boost::json;

namespace {

template <class T>
T read(std::string_view text)
{
    json::parse_options options;
    options.max_depth = 256;
    return dedalus::read_json<T>(json::parse(json::string_view(text.data(), text.size()), {}, options));
}

// "<path>: <problem>", or "" when it fits.
template <class T>
std::string problem(std::string_view text)
{
    try {
        read<T>(text);
        return {};
    }
    catch (const dedalus::validation_error& e) {
        CHECK(e.code() == dedalus::errc::validation);
        CHECK(std::string(e.what()).find(e.path() + ": " + e.problem()) == 0);
        CHECK(e.completion() == nullptr);
        return e.path() + ": " + e.problem();
    }
}

constexpr std::string_view good_report = R"({"name":"n","sky":"cloudy","places":[{"latitude":1,"longitude":2.5}],
    "best":null,"counts":{"a":1}})";

}  // namespace

TEST_CASE("a struct is read with all that is inside")
{
    const auto report = read<test::report>(good_report);
    CHECK(report.name == "n");
    CHECK(report.sky == test::sky::cloudy);
    CHECK(report.places == std::vector<test::place>{{1, 2.5F}});
    CHECK(!report.best);
    CHECK(report.counts == std::map<std::string, int>{{"a", 1}});
}

TEST_CASE("an optional member may be missing or null")
{
    CHECK(read<test::weather_query>(R"({"city":"Oslo"})").unit == std::nullopt);
    CHECK(read<test::weather_query>(R"({"city":"Oslo","unit":null})").unit == std::nullopt);
    CHECK(read<test::weather_query>(R"({"city":"Oslo","unit":"C"})").unit == "C");
}

TEST_CASE("the ends of the ranges of integers are read, and integers may be written as fractions")
{
    const auto n = read<test::numbers>(
        R"({"tiny":-128,"narrow":4294967295,"wide":-9223372036854775808,"huge":18446744073709551615,"flag":true})"
    );
    CHECK(n.tiny == -128);
    CHECK(n.narrow == 4294967295U);
    CHECK(n.wide == std::numeric_limits<std::int64_t>::min());
    CHECK(n.huge == std::numeric_limits<std::uint64_t>::max());
    CHECK(read<int>("5.0") == 5);
    CHECK(read<std::uint8_t>("255.0") == 255);
    CHECK(read<double>("3") == 3.0);
}

TEST_CASE("errors of reading name the path and what is wrong, and nothing of the value")
{
    const auto numbers = [](std::string_view tiny, std::string_view narrow, std::string_view huge) {
        return problem<test::numbers>(
            R"({"tiny":)" + std::string(tiny) + R"(,"narrow":)" + std::string(narrow) + R"(,"wide":0,"huge":)" +
            std::string(huge) + R"(,"flag":true})"
        );
    };
    CHECK(numbers("128", "0", "0") == "$.tiny: expected an integer from -128 to 127, got a number out of this range");
    CHECK(numbers("1e300", "0", "0") == "$.tiny: expected an integer from -128 to 127, got a number out of this range");
    CHECK(numbers("0.5", "0", "0") == "$.tiny: expected an integer, got a fraction");
    CHECK(numbers("\"7\"", "0", "0") == "$.tiny: expected an integer, got a string");
    CHECK(
        numbers("0", "-1", "0") == "$.narrow: expected an integer from 0 to 4294967295, got a number out of this range"
    );
    CHECK(
        numbers("0", "0", "-1") ==
        "$.huge: expected an integer from 0 to 18446744073709551615, got a number out of this range"
    );

    CHECK(problem<test::weather_query>("[]") == "$: expected an object, got an array");
    CHECK(problem<test::weather_query>("{}") == "$.city: is missing");
    CHECK(problem<test::weather_query>(R"({"city":null})") == "$.city: expected a string, got null");
    CHECK(problem<test::weather_query>(R"({"city":"a","unit":1})") == "$.unit: expected a string, got a number");
    CHECK(problem<test::weather_query>(R"({"city":"a","town":"b"})") == "$.town: is not a member that is allowed here");
    CHECK(
        problem<test::weather_query>(R"({"city":"a","my secret":"b"})") ==
        "$[\"?\"]: is not a member that is allowed here"
    );
    CHECK(
        problem<std::vector<test::place>>(R"([{"latitude":1,"longitude":1},{"latitude":true}])") ==
        "$[1].latitude: expected a number, got a boolean"
    );
    CHECK(problem<float>("1e300") == "$: the number is too large for its type");
    CHECK(problem<bool>("0") == "$: expected a boolean, got a number");
    CHECK(problem<std::monostate>("0") == "$: expected null, got a number");
    CHECK(problem<json::object>("0") == "$: expected an object, got a number");
    CHECK(problem<json::array>("{}") == "$: expected an array, got an object");
    CHECK(problem<std::array<int, 2>>("[1]") == "$: has fewer than 2 items");
    CHECK(problem<std::array<int, 2>>("[1,2,3]") == "$: has more than 2 items");
}

TEST_CASE("errors inside lists, maps and bases have the whole path")
{
    const auto with = [](std::string_view member, std::string_view value) {
        json::object report = json::parse(json::string_view(good_report.data(), good_report.size())).as_object();
        report[json::string_view(member.data(), member.size())] =
            json::parse(json::string_view(value.data(), value.size()));
        return problem<test::report>(json::serialize(report));
    };
    CHECK(with("name", "1") == "$.name: expected a string, got a number");
    CHECK(with("sky", "\"green\"") == "$.sky: expected one of clear, cloudy, got another word");
    CHECK(with("sky", "7") == "$.sky: expected a string, got a number");
    CHECK(with("places", R"([{"latitude":1,"longitude":2},{"latitude":1}])") == "$.places[1].longitude: is missing");
    CHECK(with("best", R"({"latitude":1,"longitude":2,"z":3})") == "$.best.z: is not a member that is allowed here");
    CHECK(with("counts", R"({"a":1,"b":"x"})") == "$.counts.b: expected an integer, got a string");
    CHECK(with("counts", R"({"a b":"x"})") == "$.counts[\"?\"]: expected an integer, got a string");
}

TEST_CASE("limits of annotations are checked at their ends")
{
    const auto order = [](std::string_view code, std::string_view count, std::string_view more) {
        return problem<test::order>(
            R"({"code":")" + std::string(code) + R"(","count":)" + std::string(count) + std::string(more) + "}"
        );
    };
    const std::string rest = R"(,"notes":["a"],"level":9)";
    CHECK(order("AB", "5", rest) == "");
    CHECK(order("\xc3\x84\xc3\x96\xc3\x9c\xc3\x9f", "95", rest) == "");
    CHECK(order("A", "5", rest) == "$.code: has fewer than 2 characters");
    CHECK(order("\xc3\x84", "5", rest) == "$.code: has fewer than 2 characters");
    CHECK(order("ABCDE", "5", rest) == "$.code: has more than 4 characters");
    CHECK(order("AB", "0", rest) == "$.count: is not more than 0");
    CHECK(order("AB", "100", rest) == "$.count: is not less than 100");
    CHECK(order("AB", "6", rest) == "$.count: is no multiple of 5");
    CHECK(order("AB", "5", R"(,"notes":[],"level":0)") == "$.notes: has fewer than 1 items");
    CHECK(order("AB", "5", R"(,"notes":["a","b","c"],"level":0)") == "$.notes: has more than 2 items");
    CHECK(order("AB", "5", R"(,"notes":["a"],"level":10)") == "$.level: is more than 9");
    for (const char* price : {"0.5", "99.5", "0.57", "12.34", "null"})
        CHECK(order("AB", "5", rest + R"(,"price":)" + price) == "");
    CHECK(order("AB", "5", rest + R"(,"price":0.49)") == "$.price: is less than 0.5");
    CHECK(order("AB", "5", rest + R"(,"price":99.6)") == "$.price: is more than 99.5");
    CHECK(order("AB", "5", rest + R"(,"price":12.345)") == "$.price: is no multiple of 0.01");
}

TEST_CASE("the alternative of a variant is the first that fits")
{
    const auto drawing = [](std::string_view shape, std::string_view note) {
        return read<test::drawing>(R"({"shape":)" + std::string(shape) + R"(,"note":)" + std::string(note) + "}");
    };
    CHECK(drawing(R"({"kind":"circle","size":1})", "null").shape.index() == 0);
    CHECK(drawing(R"({"kind":"square","size":1})", "null").shape.index() == 1);
    CHECK(!drawing(R"({"kind":"square","size":1})", "null").note);
    CHECK(drawing(R"({"kind":"square","size":1})", "\"a\"").note->index() == 1);
    CHECK(drawing(R"({"kind":"square","size":1})", "7").note->index() == 2);
    CHECK(drawing(R"({"kind":"square","size":1})", "7.5").note->index() == 3);
    CHECK(drawing(R"({"kind":"square","size":1})", "3000000000").note->index() == 3);
}

TEST_CASE("a value that fits no alternative is an error at the deepest place that can be told")
{
    using either = std::variant<std::string, test::place>;
    CHECK(problem<either>(R"({"latitude":"x","longitude":1})") == "$.latitude: expected a number, got a string");
    CHECK(problem<either>("7") == "$: expected one of several types, got a number");
    CHECK(
        problem<test::drawing>(R"({"shape":{"kind":"line","size":1}})") ==
        "$.shape: expected one of several types, got an object"
    );
}

TEST_CASE("variants inside variants are read in linear time")
{
    constexpr int depth = 80;
    std::string text = R"({"of":[],"end":"x"})";
    for (int i = 0; i < depth; ++i)
        text = R"({"of":[)" + text + R"(],"end":"x"})";
    const auto deep = read<std::variant<test::minus, test::plus>>(text);
    CHECK(deep.index() == 1);
}

TEST_CASE("a recursive struct is read to its leaves")
{
    const auto tree = read<test::tree>(R"({"label":"a","children":[{"label":"b","children":[]}]})");
    CHECK(tree.children.at(0).label == "b");
    CHECK(
        problem<test::tree>(R"({"label":"a","children":[{"label":"b","children":[{"label":1,"children":[]}]}]})") ==
        "$.children[0].children[0].label: expected a string, got a number"
    );
}

TEST_CASE("a member with conversions of its own is read by them, and their words stay inside")
{
    CHECK(read<test::trip>(R"({"takes":"3h","stops":["1h"]})").stops == std::vector<test::duration>{{1}});
    CHECK(problem<test::trip>(R"({"takes":"3h","stops":["a secret"]})") == "$.stops[0]: is not what its type takes");
    CHECK(problem<test::trip>(R"({"takes":7,"stops":[]})") == "$.takes: is not what its type takes");
}

}  // namespace read_json_test
