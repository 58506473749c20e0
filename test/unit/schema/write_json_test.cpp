#include <dedalus/schema/read_json.hpp>
#include <dedalus/schema/write_json.hpp>

#include "support/catch.hpp"
#include "support/described_types.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <limits>
#include <string>

namespace write_json_test {

namespace json = boost::json;

namespace {

template <class T>
void check_round_trip(const T& value, const std::string& expected)
{
    const json::value written = dedalus::write_json(value);
    CHECK(json::serialize(written) == expected);
    CHECK(dedalus::read_json<T>(json::parse(expected)) == value);
}

template <class T>
std::string problem(const T& value)
{
    try {
        dedalus::write_json(value);
        return {};
    }
    catch (const dedalus::validation_error& e) {
        return e.path() + ": " + e.problem();
    }
}

}  // namespace

TEST_CASE("what is written is read back as the same value")
{
    test::report report;
    report.name = "n";
    report.sky = test::sky::cloudy;
    report.places = {{1.5, 2.5F}};
    report.counts = {{"a", 1}};
    check_round_trip(
        report,
        R"({"name":"n","sky":"cloudy","places":[{"latitude":1.5E0,"longitude":2.5E0}],"best":null,"counts":{"a":1}})"
    );
    check_round_trip(
        test::numbers{-128, 4294967295U, -1, std::numeric_limits<std::uint64_t>::max(), true},
        R"({"tiny":-128,"narrow":4294967295,"wide":-1,"huge":18446744073709551615,"flag":true})"
    );
    check_round_trip(
        test::sequences{{true}, {false, true}, {1, 2}, {"a", std::nullopt}},
        R"({"bits":[true],"packed":[false,true],"pair":[1,2],"words":["a",null]})"
    );
    check_round_trip(test::anything{1, {{"a", nullptr}}, {true}}, R"({"value":1,"object":{"a":null},"array":[true]})");
    check_round_trip(
        test::drawing{test::square{test::square_kind::square, 0.5}, 7},
        R"({"shape":{"kind":"square","size":5E-1},"note":7})"
    );
    check_round_trip(test::drawing{}, R"({"shape":{"kind":"circle","size":0E0},"note":null})");
    check_round_trip(
        test::tree{"a", {test::tree{"b", {}}}}, R"({"label":"a","children":[{"label":"b","children":[]}]})"
    );
    check_round_trip(test::trip{{3}, {{1}}}, R"({"takes":"3h","stops":["1h"]})");
}

TEST_CASE("a described value that JSON cannot hold is refused with its path")
{
    CHECK(problem(test::tree{"a", {test::tree{"\xff", {}}}}) == "$.children[0].label: the text is not valid UTF-8");
    CHECK(problem(std::map<std::string, int>{{"\xff", 1}}) == "$[\"?\"]: the text is not valid UTF-8");
    CHECK(
        problem(test::place{std::numeric_limits<double>::quiet_NaN(), 0}) ==
        "$.latitude: NaN and infinity have no form in JSON"
    );
    CHECK(
        problem(test::place{0, std::numeric_limits<float>::infinity()}) ==
        "$.longitude: NaN and infinity have no form in JSON"
    );
    CHECK(problem(static_cast<test::sky>(3)) == "$: the value of the enumeration has no name");
}

}  // namespace write_json_test
