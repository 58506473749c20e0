#include "protocol/http_date.hpp"

#include "support/catch.hpp"

namespace http_date_test {

using namespace std::chrono_literals;
using dedalus::protocol::parse_http_date;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

namespace {

constexpr sys_seconds example{784111777s};  // 1994-11-06 08:49:37
constexpr sys_seconds now = sys_days(std::chrono::year(2026) / 7 / 1);

}  // namespace

TEST_CASE("the three forms of an HTTP date name the same second")
{
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now) == example);
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now) == example);
    CHECK(parse_http_date("Sun Nov  6 08:49:37 1994", now) == example);
    CHECK(parse_http_date("Wed Nov 16 08:49:37 1994", now) == example + 240h);
}

TEST_CASE("two digits of a year mean no more than 50 years ahead")
{
    const auto noon = [](int year) { return sys_seconds(sys_days(std::chrono::year(year) / 1 / 2)) + 12h; };
    CHECK(parse_http_date("Friday, 02-Jan-76 12:00:00 GMT", now) == noon(2076));
    CHECK(parse_http_date("Friday, 02-Jan-77 12:00:00 GMT", now) == noon(1977));
    CHECK(parse_http_date("Friday, 02-Jan-26 12:00:00 GMT", now) == noon(2026));
    const sys_seconds late = sys_days(std::chrono::year(2099) / 12 / 31);
    CHECK(parse_http_date("Friday, 02-Jan-00 12:00:00 GMT", late) == noon(2100));
}

TEST_CASE("leap days and leap seconds are understood")
{
    CHECK(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT", now) == sys_days(std::chrono::year(2024) / 2 / 29));
    CHECK(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now) == sys_days(std::chrono::year(2017) / 1 / 1));
}

TEST_CASE("a text that is not a date of HTTP is refused")
{
    for (const char* const text : {
             "",
             "now",
             "20",
             "Zun, 06 Nov 1994 08:49:37 GMT",
             "Sun, 06 Nov 1994 08:49:37",
             "Sun, 06 Nov 1994 08:49:37 UTC",
             "Sun, 06 Nov 1994 08:49:37 +0000",
             "Sun, 06 Nov 1994 08:49:37 GMT ",
             " Sun, 06 Nov 1994 08:49:37 GMT",
             "Sun, 6 Nov 1994 08:49:37 GMT",
             "Sun, 06 nov 1994 08:49:37 GMT",
             "Sun, 00 Nov 1994 08:49:37 GMT",
             "Sun, 31 Nov 1994 08:49:37 GMT",
             "Wed, 29 Feb 2023 00:00:00 GMT",
             "Sun, 06 Nov 1994 24:00:00 GMT",
             "Sun, 06 Nov 1994 08:60:37 GMT",
             "Sun, 06 Nov 1994 08:49:61 GMT",
             "Sun, 06 Nov 1994 8:49:37 GMT",
             "Sun, 06 Nov 94 08:49:37 GMT",
             "Sun, 06-Nov-94 08:49:37 GMT",
             "Sunday, 06-Nov-1994 08:49:37 GMT",
             "Sun Nov 6 08:49:37 1994",
             "Sun Nov  6 08:49:37 1994 GMT",
             "Sun, -6 Nov 1994 08:49:37 GMT",
             "Sun, 06 Nov",
         })
    {
        CAPTURE(text);
        CHECK(parse_http_date(text, now) == std::nullopt);
    }
}

}  // namespace http_date_test
