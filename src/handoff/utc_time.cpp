#include "handoff/utc_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace dedalus::handoff_core {

namespace {

using stores::time_point;

constexpr time_point first = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr time_point last =
    time_point(std::chrono::sys_days(std::chrono::year(10000) / 1 / 1)) - time_point::duration(1);

/// Takes digits off the front of a text.
class digits
{
public:
    explicit digits(std::string_view text) : rest_(text) {}

    int number(std::size_t count)
    {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const char c = i < rest_.size() ? rest_[i] : ' ';
            good_ = good_ && c >= '0' && c <= '9';
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(std::min(count, rest_.size()));
        return value;
    }

    void expect(char c)
    {
        good_ = good_ && rest_.starts_with(c);
        rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
    }

    std::string_view rest() const { return rest_; }

    bool good() const { return good_; }

private:
    std::string_view rest_;
    bool good_ = true;
};

}  // namespace

std::string to_utc_text(time_point time)
{
    time = std::clamp(time, first, last);
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    char text[40];
    std::snprintf(
        text,
        sizeof(text),
        "%04d-%02u-%02uT%02d:%02d:%02d",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count())
    );
    std::string result = text;
    if (clock.subseconds().count() != 0) {
        std::snprintf(text, sizeof(text), ".%06d", static_cast<int>(clock.subseconds().count()));
        result += text;
    }
    return result + 'Z';
}

std::optional<time_point> from_utc_text(std::string_view text)
{
    digits in(text);
    const std::chrono::year year(in.number(4));
    in.expect('-');
    const std::chrono::month month(static_cast<unsigned>(in.number(2)));
    in.expect('-');
    const std::chrono::year_month_day date(year, month, std::chrono::day(static_cast<unsigned>(in.number(2))));
    in.expect('T');
    const std::chrono::hours hour(in.number(2));
    in.expect(':');
    const std::chrono::minutes minute(in.number(2));
    in.expect(':');
    const std::chrono::seconds second(in.number(2));
    std::chrono::microseconds fraction(0);
    if (in.rest().starts_with('.')) {
        in.expect('.');
        const std::size_t count = std::min<std::size_t>(in.rest().find('Z'), 7);
        if (count < 1 || count > 6)
            return {};
        int value = in.number(count);
        for (std::size_t i = count; i < 6; ++i)
            value *= 10;
        fraction = std::chrono::microseconds(value);
    }
    in.expect('Z');
    const bool in_range = date.ok() && hour < std::chrono::hours(24) && minute < std::chrono::minutes(60) &&
                          second < std::chrono::seconds(60);
    if (!in.good() || !in.rest().empty() || !in_range)
        return {};
    return time_point(std::chrono::sys_days(date)) + hour + minute + second + fraction;
}

}  // namespace dedalus::handoff_core
