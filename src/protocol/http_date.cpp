#include "protocol/http_date.hpp"

#include "support/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dedalus::protocol {

namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 7> weekdays = {
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
};
constexpr std::array<std::string_view, 12> months = {
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
};
constexpr int century_window_years = 50;

struct date_fields
{
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
};

/// Reads a text from its front; the first thing that does not fit makes everything after it fail.
class scanner
{
public:
    explicit scanner(std::string_view text) : rest_(text) {}

    bool complete() const { return ok_ && rest_.empty(); }

    bool ok() const { return ok_; }

    scanner& literal(std::string_view expected)
    {
        ok_ = ok_ && rest_.starts_with(expected);
        if (ok_)
            rest_.remove_prefix(expected.size());
        return *this;
    }

    template <class Number>
    scanner& digits(std::size_t count, Number& value)
    {
        ok_ =
            ok_ && rest_.size() >= count && std::all_of(rest_.begin(), rest_.begin() + count, support::ascii_is_digit);
        value = 0;
        for (std::size_t i = 0; ok_ && i < count; ++i)
            value = value * 10 + static_cast<Number>(rest_[i] - '0');
        if (ok_)
            rest_.remove_prefix(count);
        return *this;
    }

    scanner& month(unsigned& value)
    {
        const auto found = std::find(months.begin(), months.end(), rest_.substr(0, 3));
        ok_ = ok_ && found != months.end();
        if (ok_) {
            value = static_cast<unsigned>(found - months.begin()) + 1;
            rest_.remove_prefix(3);
        }
        return *this;
    }

    scanner& weekday(bool in_full)
    {
        const auto found = std::find_if(weekdays.begin(), weekdays.end(), [&](std::string_view name) {
            return rest_.starts_with(in_full ? name : name.substr(0, 3));
        });
        ok_ = ok_ && found != weekdays.end();
        if (ok_)
            rest_.remove_prefix(in_full ? found->size() : 3);
        return *this;
    }

    scanner& time(date_fields& fields)
    {
        return digits(2, fields.hour).literal(":").digits(2, fields.minute).literal(":").digits(2, fields.second);
    }

private:
    std::string_view rest_;
    bool ok_ = true;
};

std::optional<chrono::sys_seconds> to_time(const date_fields& fields)
{
    const auto date = chrono::year(fields.year) / chrono::month(fields.month) / chrono::day(fields.day);
    const bool leap_second_allowed = fields.second <= 60;
    if (!date.ok() || fields.hour > 23 || fields.minute > 59 || !leap_second_allowed)
        return std::nullopt;
    return chrono::sys_days(date) + chrono::hours(fields.hour) + chrono::minutes(fields.minute) +
           chrono::seconds(fields.second);
}

std::optional<chrono::sys_seconds> imf_fixdate(std::string_view text)
{
    date_fields f;
    scanner s(text);
    s.weekday(false).literal(", ").digits(2, f.day).literal(" ").month(f.month).literal(" ").digits(4, f.year);
    s.literal(" ").time(f).literal(" GMT");
    return s.complete() ? to_time(f) : std::nullopt;
}

std::optional<chrono::sys_seconds> rfc850_date(std::string_view text, chrono::sys_seconds now)
{
    date_fields f;
    scanner s(text);
    s.weekday(true).literal(", ").digits(2, f.day).literal("-").month(f.month).literal("-").digits(2, f.year);
    s.literal(" ").time(f).literal(" GMT");
    if (!s.complete())
        return std::nullopt;
    const chrono::year_month_day today(chrono::floor<chrono::days>(now));
    const int this_year = static_cast<int>(today.year());
    f.year += this_year - this_year % 100 + 100;
    while (f.year > this_year + century_window_years)
        f.year -= 100;
    return to_time(f);
}

std::optional<chrono::sys_seconds> asctime_date(std::string_view text)
{
    date_fields f;
    scanner s(text);
    s.weekday(false).literal(" ").month(f.month).literal(" ");
    scanner padded = s;
    if (padded.literal(" ").digits(1, f.day).ok())
        s = padded;
    else
        s.digits(2, f.day);
    s.literal(" ").time(f).literal(" ").digits(4, f.year);
    return s.complete() ? to_time(f) : std::nullopt;
}

}  // namespace

std::optional<chrono::sys_seconds> parse_http_date(std::string_view text, chrono::sys_seconds now)
{
    if (const auto date = imf_fixdate(text))
        return date;
    if (const auto date = rfc850_date(text, now))
        return date;
    return asctime_date(text);
}

}  // namespace dedalus::protocol
