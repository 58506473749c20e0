#include "codec/parse_json.hpp"

#include "support/catch.hpp"

#include <boost/json/error.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace parse_json_test {

namespace json = boost::json;
using dedalus::codec::parse_json;

namespace {

json::value parsed(const std::string& text)
{
    boost::system::error_code ec;
    json::value value = parse_json(text, ec);
    CHECK_FALSE(ec.failed());
    return value;
}

}  // namespace

TEST_CASE("a floating-point number is read as it was written, to the last digit")
{
    std::mt19937_64 random(1);  // NOLINT: the same numbers each time
    for (int i = 0; i < 20000; ++i) {
        const double any = std::bit_cast<double>(random());
        const double usual = std::generate_canonical<double, 53>(random) * -5;
        for (const double number : {any, usual})
            if (std::isfinite(number) && parsed(json::serialize(json::value(number))) != json::value(number))
                FAIL(json::serialize(json::value(number)));
    }
    CHECK(parsed("0.30000000000000004").as_double() == 0.30000000000000004);
    CHECK(parsed("118446744073709551615").as_double() == 118446744073709551615.0);
    CHECK(std::signbit(parsed("-0.0").as_double()));
    CHECK(std::isinf(parsed("-1e999").as_double()));
    CHECK(parsed("1e-999").as_double() == 0);
}

TEST_CASE("values other than floating-point numbers are what Boost.JSON reads")
{
    const std::vector<std::string> texts{
        "null",
        " true\r\n",
        "[]",
        "{}",
        R"("")",
        R"("a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é")",
        "-9223372036854775808",
        "18446744073709551615",
        R"({"a":{"b":[1,-2,{"c":null}],"":false},"a\n":"x","a":2})",
        "[" + std::string(3000, ' ') + "1," + R"(")" + std::string(10000, 'x') + R"("])",
    };
    for (const std::string& text : texts) {
        CAPTURE(text);
        CHECK(parsed(text) == json::parse(text));
        CHECK(parsed(text).kind() == json::parse(text).kind());
    }
}

TEST_CASE("text that is no JSON is refused with the reason that Boost.JSON gives")
{
    for (const char* text :
         {"",
          " ",
          "nul",
          "[1",
          "[1,]",
          "{\"a\"",
          "{\"a\":1,}",
          "1 2",
          "\"a",
          "\"\\ud83d\"",
          "\"\xff\"",
          "01",
          "1.",
          "//",
          "NaN",
          "[1]x"})
    {
        CAPTURE(text);
        boost::system::error_code expected;
        json::parse(text, expected);
        boost::system::error_code ec;
        CHECK(parse_json(text, ec).is_null());
        CHECK(ec == expected);
        CHECK(ec.failed());
    }
}

TEST_CASE("a value uses the given storage, and its depth has the given bound")
{
    json::monotonic_resource memory;
    boost::system::error_code ec;
    CHECK(parse_json(R"({"a":[1.5]})", ec, &memory).at("a").storage().get() == &memory);
    CHECK_FALSE(parse_json("[[[]]]", ec, {}, 3).is_null());
    CHECK(parse_json("[[[]]]", ec, {}, 2).is_null());
    CHECK(ec == json::error::too_deep);
}

}  // namespace parse_json_test
