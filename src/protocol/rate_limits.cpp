#include "protocol/rate_limits.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <system_error>

namespace dedalus::protocol {

namespace {

using std::chrono::milliseconds;

constexpr double max_milliseconds = 1000.0 * 24 * 3600 * 1000;

struct unit
{
    std::string_view name;
    double milliseconds;
};

// Longer names first.
constexpr unit units[] = {{"ms", 1}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}};

std::optional<double> take_unit(std::string_view& text)
{
    for (const unit& each : units)
        if (text.starts_with(each.name)) {
            text.remove_prefix(each.name.size());
            return each.milliseconds;
        }
    return std::nullopt;
}

/// Digits and at most one point; from_chars alone would also take a sign, "inf" and "nan".
std::optional<double> take_number(std::string_view& text)
{
    const std::size_t size = std::min(text.find_first_not_of("0123456789."), text.size());
    double value = 0;
    const auto [stop, problem] = std::from_chars(text.data(), text.data() + size, value, std::chars_format::fixed);
    if (size == 0 || problem != std::errc() || stop != text.data() + size)
        return std::nullopt;
    text.remove_prefix(size);
    return value;
}

std::optional<std::int64_t> parse_count(std::optional<std::string_view> text)
{
    std::int64_t value = 0;
    if (!text)
        return std::nullopt;
    const char* const end = text->data() + text->size();
    const auto [stop, problem] = std::from_chars(text->data(), end, value);
    if (problem != std::errc() || stop != end || value < 0)
        return std::nullopt;
    return value;
}

struct rate_limit_names
{
    std::string_view limit;
    std::string_view remaining;
    std::string_view reset;
};

constexpr rate_limit_names of_requests{
    "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"};
constexpr rate_limit_names of_tokens{
    "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"};

rate_limit parse_one(const http_headers& headers, const rate_limit_names& each)
{
    rate_limit result;
    result.limit = parse_count(headers.find(each.limit));
    result.remaining = parse_count(headers.find(each.remaining));
    result.reset_text = headers.find(each.reset).value_or("");
    result.reset = parse_duration(result.reset_text);
    return result;
}

}  // namespace

rate_limits parse_rate_limits(const http_headers& headers)
{
    return {parse_one(headers, of_requests), parse_one(headers, of_tokens)};
}

std::optional<milliseconds> parse_duration(std::string_view text)
{
    if (text.empty())
        return std::nullopt;
    double total = 0;
    for (bool first = true; !text.empty(); first = false) {
        const std::optional<double> number = take_number(text);
        if (!number)
            return std::nullopt;
        std::optional<double> scale = take_unit(text);
        if (!scale && first && text.empty())
            scale = 1000.0;
        if (!scale)
            return std::nullopt;
        total += *number * *scale;
        if (!(total <= max_milliseconds))
            return std::nullopt;
    }
    return milliseconds(static_cast<milliseconds::rep>(std::ceil(total)));
}

}  // namespace dedalus::protocol
