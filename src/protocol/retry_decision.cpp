#include "protocol/retry_decision.hpp"

#include <dedalus/error.hpp>

#include "protocol/http_date.hpp"
#include "support/ascii.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>

namespace dedalus::protocol {

namespace {

using std::chrono::milliseconds;

// Far above every sensible wait, and far below what overflows.
constexpr std::chrono::hours longest_retry_wait(24);

constexpr std::string_view quota_exhausted = "insufficient_quota";

bool is_quota(const attempt_failure& failure)
{
    return failure.status == 402 || failure.api_code == quota_exhausted || failure.api_type == quota_exhausted;
}

bool is_retried_status(int status)
{
    return status == 408 || status == 409 || status == 429 || status >= 500;
}

bool may_be_repeated(const attempt_failure& failure)
{
    switch (failure.what) {
    case attempt_failure::kind::status:
        return servers_wish(failure.headers).value_or(is_retried_status(failure.status) && !is_quota(failure));
    case attempt_failure::kind::connection:
    case attempt_failure::kind::timeout:
        return true;
    case attempt_failure::kind::final:
        return false;
    }
    return false;
}

milliseconds backoff(const retry_options& options, int retries_taken, double random)
{
    // A power that overflows is infinite, which min() cuts; 0 * infinity would be NaN, so a zero wait stays zero.
    const auto initial = static_cast<double>(options.initial_backoff.count());
    const auto cap = static_cast<double>(options.max_backoff.count());
    const double grown = initial > 0 ? initial * std::pow(options.factor, retries_taken) : 0.0;
    const double wait = std::min(grown, cap) * (1.0 - options.jitter * random);
    constexpr auto largest = static_cast<double>(milliseconds::max().count());
    return wait >= largest ? milliseconds::max() : milliseconds(static_cast<milliseconds::rep>(wait));
}

// Plain decimal notation only; from_chars alone would also take "inf", "nan" and a sign.
std::optional<milliseconds> parse_decimal(std::string_view text, double milliseconds_per_unit)
{
    const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return support::ascii_is_digit(c) || c == '.';
    });
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    if (!plain || problem != std::errc() || stop != end)
        return std::nullopt;
    const double count = std::ceil(value * milliseconds_per_unit);
    if (count >= static_cast<double>(milliseconds::max().count()))
        return std::nullopt;
    return milliseconds(static_cast<milliseconds::rep>(count));
}

}  // namespace

void check_retry(const retry_options& retry)
{
    const auto refuse = [](std::string_view what) { throw config_error("retry." + std::string(what)); };
    if (retry.max_retries < 0)
        refuse("max_retries must not be negative");
    if (retry.initial_backoff < std::chrono::milliseconds::zero())
        refuse("initial_backoff must not be negative");
    if (retry.max_backoff < retry.initial_backoff)
        refuse("max_backoff must not be below initial_backoff");
    if (!(retry.factor >= 1.0))
        refuse("factor must be at least 1");
    if (!(retry.jitter >= 0.0 && retry.jitter <= 1.0))
        refuse("jitter must be between 0 and 1");
    if (retry.retry_after_cap < std::chrono::milliseconds::zero())
        refuse("retry_after_cap must not be negative");
    if (retry.max_backoff > longest_retry_wait || retry.retry_after_cap > longest_retry_wait)
        refuse("max_backoff and retry_after_cap must not be above 24 hours");
}

std::optional<bool> servers_wish(const http_headers* headers)
{
    if (headers == nullptr)
        return std::nullopt;
    const auto value = headers->find("x-should-retry");
    if (value && support::ascii_iequals(*value, "true"))
        return true;
    if (value && support::ascii_iequals(*value, "false"))
        return false;
    return std::nullopt;
}

retry_decision decide_retry(
    const retry_options& options,
    const attempt_failure& failure,
    int retries_taken,
    double random,
    std::chrono::system_clock::time_point now
)
{
    retry_decision decision;
    if (failure.headers != nullptr)
        decision.retry_after = parse_retry_after(*failure.headers, now);
    const bool hint_too_long = decision.retry_after && *decision.retry_after > options.retry_after_cap;
    decision.retry = retries_taken < options.max_retries && may_be_repeated(failure) && !hint_too_long;
    if (decision.retry)
        decision.wait = decision.retry_after ? *decision.retry_after : backoff(options, retries_taken, random);
    return decision;
}

std::optional<milliseconds> parse_retry_after(const http_headers& headers, std::chrono::system_clock::time_point now)
{
    if (const auto text = headers.find("retry-after-ms"))
        if (const auto hint = parse_decimal(*text, 1.0))
            return hint;
    const auto text = headers.find("Retry-After");
    if (!text)
        return std::nullopt;
    if (const auto hint = parse_decimal(*text, 1000.0))
        return hint;
    const auto date = parse_http_date(*text, std::chrono::floor<std::chrono::seconds>(now));
    if (!date)
        return std::nullopt;
    const auto ahead = std::chrono::sys_time<milliseconds>(*date) - std::chrono::floor<milliseconds>(now);
    return std::max(ahead, milliseconds::zero());
}

}  // namespace dedalus::protocol
