#include "protocol/retry_decision.hpp"

#include "support/catch.hpp"

#include <limits>
#include <optional>
#include <string>

namespace retry_decision_test {

using namespace std::chrono_literals;
using dedalus::http_headers;
using dedalus::retry_options;
using dedalus::protocol::attempt_failure;
using dedalus::protocol::decide_retry;
using dedalus::protocol::parse_retry_after;
using dedalus::protocol::retry_decision;
using std::chrono::milliseconds;
using std::chrono::system_clock;

namespace {

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr system_clock::time_point now{784111777s};

retry_decision decide_status(int status, const http_headers& headers = {}, int retries_taken = 0)
{
    const attempt_failure failure{.what = attempt_failure::kind::status, .status = status, .headers = &headers};
    return decide_retry({}, failure, retries_taken, 0.0, now);
}

milliseconds backoff(const retry_options& options, int retries_taken, double random)
{
    const attempt_failure failure{.what = attempt_failure::kind::connection};
    const retry_decision decision = decide_retry(options, failure, retries_taken, random, now);
    CHECK(decision.retry);
    return decision.wait;
}

}  // namespace

TEST_CASE("408, 409, 429 and everything from 500 is retried, other statuses are not")
{
    for (int status = 100; status < 1000; ++status) {
        CAPTURE(status);
        CHECK(decide_status(status).retry == (status == 408 || status == 409 || status == 429 || status >= 500));
    }
}

TEST_CASE("the server's x-should-retry decides whatever the status")
{
    for (int status = 300; status < 600; ++status) {
        CAPTURE(status);
        CHECK(decide_status(status, {{"x-should-retry", "true"}}).retry);
        CHECK_FALSE(decide_status(status, {{"X-Should-Retry", "False"}}).retry);
        CHECK(decide_status(status, {{"x-should-retry", "maybe"}}) == decide_status(status));
    }
}

TEST_CASE("an exhausted quota is not retried unless the server says so")
{
    const http_headers none;
    const http_headers wish = {{"x-should-retry", "true"}};
    for (const http_headers* const headers : {&none, &wish}) {
        const auto decide = [&](int status, std::string_view code, std::string_view type) {
            return decide_retry({}, {attempt_failure::kind::status, status, headers, code, type}, 0, 0.0, now).retry;
        };
        CHECK(decide(402, "", "") == (headers == &wish));
        CHECK(decide(429, "insufficient_quota", "") == (headers == &wish));
        CHECK(decide(429, "", "insufficient_quota") == (headers == &wish));
        CHECK(decide(503, "insufficient_quota", "") == (headers == &wish));
        CHECK(decide(429, "rate_limit_exceeded", "requests"));
    }
}

TEST_CASE("failures before the header are retried, final ones never")
{
    using kind = attempt_failure::kind;
    const http_headers wish = {{"x-should-retry", "true"}};
    CHECK(decide_retry({}, {.what = kind::connection}, 0, 0.0, now).retry);
    CHECK(decide_retry({}, {.what = kind::timeout}, 0, 0.0, now).retry);
    CHECK_FALSE(decide_retry({}, {.what = kind::final}, 0, 0.0, now).retry);
    CHECK_FALSE(decide_retry({}, {.what = kind::final, .status = 500, .headers = &wish}, 0, 0.0, now).retry);
    CHECK(decide_retry({}, {.what = kind::final}, 0, 0.0, now).wait == 0ms);
}

TEST_CASE("no more than max_retries are made, whatever the server wishes")
{
    CHECK(decide_status(500, {}, 1).retry);
    CHECK_FALSE(decide_status(500, {}, 2).retry);
    CHECK_FALSE(decide_status(500, {{"x-should-retry", "true"}}, 2).retry);
    CHECK(decide_status(500, {{"Retry-After", "3"}}, 2) == retry_decision{.retry_after = 3s});
    CHECK_FALSE(decide_retry({.max_retries = 0}, {.what = attempt_failure::kind::timeout}, 0, 0.0, now).retry);
}

TEST_CASE("the wait doubles from half a second to eight seconds, less the jitter")
{
    const retry_options many{.max_retries = std::numeric_limits<int>::max()};
    const milliseconds expected[] = {500ms, 1s, 2s, 4s, 8s, 8s};
    for (int n = 0; n < 6; ++n) {
        CAPTURE(n);
        CHECK(backoff(many, n, 0.0) == expected[n]);
        CHECK(backoff(many, n, 0.5) == expected[n] * 7 / 8);
        CHECK(backoff(many, n, 0.999999) > expected[n] * 3 / 4 - 1ms);
        CHECK(backoff(many, n, 0.999999) < expected[n] * 3 / 4 + 2ms);
    }
    CHECK(backoff(many, 1'000'000, 0.0) == 8s);
    CHECK(backoff(many, std::numeric_limits<int>::max() - 1, 0.0) == 8s);
}

TEST_CASE("the back-off follows its options, extreme ones too")
{
    constexpr int most = std::numeric_limits<int>::max();
    const retry_options own{
        .max_retries = most, .initial_backoff = 100ms, .factor = 3.0, .max_backoff = 1s, .jitter = 1.0};
    CHECK(backoff(own, 0, 0.0) == 100ms);
    CHECK(backoff(own, 1, 0.0) == 300ms);
    CHECK(backoff(own, 2, 0.5) == 450ms);
    CHECK(backoff(own, 3, 0.0) == 1s);
    CHECK(backoff({.max_retries = most, .factor = 1.0}, 1000, 0.0) == 500ms);
    CHECK(backoff({.max_retries = most, .initial_backoff = 0ms}, most - 1, 0.0) == 0ms);
    CHECK(backoff({.max_retries = most, .max_backoff = 0ms}, 5, 0.0) == 0ms);
    const retry_options unbounded{.max_retries = most, .factor = 1e300, .max_backoff = milliseconds::max()};
    CHECK(backoff(unbounded, most - 1, 0.0) == milliseconds::max());
}

TEST_CASE("a hint up to the cap replaces the back-off, one above it ends the retries")
{
    struct
    {
        const char* hint;
        retry_decision expected;
    } const rows[] = {
        {"20", {true, 20s, 20s}},
        {"0", {true, 0s, 0ms}},
        {"60", {true, 60s, 60s}},
        {"60.001", {false, 0s, 60'001ms}},
        {"61", {false, 0s, 61s}},
        {"-10", {true, 500ms, std::nullopt}},
        {"99999999999999999999999999999999999", {true, 500ms, std::nullopt}},
        {"Sun, 06 Nov 1994 08:49:57 GMT", {true, 20s, 20s}},
        {"Sun, 06 Nov 1994 08:49:37 GMT", {true, 0s, 0ms}},
        {"Sat, 05 Nov 1994 08:49:37 GMT", {true, 0s, 0ms}},
        {"Sun, 06 Nov 1994 08:50:37 GMT", {true, 60s, 60s}},
        {"Sun, 06 Nov 1994 08:50:38 GMT", {false, 0s, 61s}},
        {"Zun, 06 Nov 1994 08:49:57 GMT", {true, 500ms, std::nullopt}},
        {"", {true, 500ms, std::nullopt}},
    };

    for (const auto& row : rows) {
        CAPTURE(row.hint);
        CHECK(decide_status(429, {{"Retry-After", row.hint}}) == row.expected);
    }
    CHECK_FALSE(decide_status(429, {{"Retry-After", "61"}, {"x-should-retry", "true"}}).retry);
    CHECK(decide_status(400, {{"Retry-After", "5"}}) == retry_decision{.retry_after = 5s});
}

TEST_CASE("retry-after-ms comes before Retry-After, and what cannot be read is passed over")
{
    const auto hint = [](const char* ms, const char* seconds) {
        return parse_retry_after({{"Retry-After", seconds}, {"retry-after-ms", ms}}, now);
    };
    CHECK(hint("1500", "7") == 1500ms);
    CHECK(hint("0", "7") == 0ms);
    CHECK(hint("0.25", "7") == 1ms);
    for (const char* const unreadable :
         {"",
          "-1",
          "+1",
          "nan",
          "inf",
          "-inf",
          "1e3",
          "0x10",
          "1,5",
          "1 ",
          "1s",
          ".",
          "1.2.3",
          "9223372036854775807",
          "1e400"})
    {
        CAPTURE(unreadable);
        CHECK(hint(unreadable, "7.5") == 7500ms);
        CHECK(hint("x", unreadable) == std::nullopt);
    }
    CHECK(parse_retry_after({{"Retry-After", "9223372036854775"}}, now) == std::nullopt);
    CHECK(parse_retry_after({{"Retry-After", "9000000000000"}}, now) == 9'000'000'000'000s);
    CHECK(parse_retry_after({}, now) == std::nullopt);
}

TEST_CASE("a date far beyond the range of the clock is a long hint, not an overflow")
{
    const auto hint = parse_retry_after({{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}}, now);
    REQUIRE(hint);
    CHECK(*hint > std::chrono::hours(24) * 365 * 8000);
}

}  // namespace retry_decision_test
