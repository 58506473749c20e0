#include "protocol/rate_limits.hpp"

#include "support/catch.hpp"

#include <string>

namespace rate_limits_test {

using namespace dedalus;
using namespace dedalus::protocol;
using namespace std::chrono_literals;

TEST_CASE("rate limits are read from their headers, and the raw text is kept")
{
    const rate_limits limits = parse_rate_limits({
        {"X-RateLimit-Limit-Requests", "60"},
        {"x-ratelimit-remaining-requests", "0"},
        {"x-ratelimit-reset-requests", "6m0s"},
        {"x-ratelimit-limit-tokens", "9007199254740993"},
        {"x-ratelimit-reset-tokens", "soon"},
    });
    CHECK(limits.requests == rate_limit{60, 0, 6min, "6m0s"});
    CHECK(limits.tokens == rate_limit{9007199254740993, std::nullopt, std::nullopt, "soon"});
    CHECK(parse_rate_limits({}) == rate_limits{});
}

TEST_CASE("counts that are none are left empty")
{
    for (const std::string text : {"", "-1", "1.5", "12a", "99999999999999999999", " 3"}) {
        const http_headers headers{{"x-ratelimit-limit-tokens", text}};
        CAPTURE(text);
        CHECK_FALSE(parse_rate_limits(headers).tokens.limit);
    }
}

TEST_CASE("durations are read")
{
    CHECK(parse_duration("1s") == 1s);
    CHECK(parse_duration("6m0s") == 6min);
    CHECK(parse_duration("12ms") == 12ms);
    CHECK(parse_duration("1h2m3.5s") == 3723500ms);
    CHECK(parse_duration("0.2ms") == 1ms);
    CHECK(parse_duration("20") == 20s);
    CHECK(parse_duration("0") == 0ms);
}

TEST_CASE("durations that are none are nothing")
{
    for (const std::string text :
         {"", "s", "-1s", "1x", "1s2", "1.2.3s", "inf", "nan", "1e9s", "1s ", "99999999h", "."}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text));
    }
}

}  // namespace rate_limits_test
