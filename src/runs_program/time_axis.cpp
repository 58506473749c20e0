#include "runs_program/time_axis.hpp"

#include "runs_program/printable.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>

namespace dedalus::runs_program {

namespace {

using microseconds = std::chrono::microseconds;

constexpr double width_of_cut = 46;
constexpr double width_of_mark = 84;
constexpr int times_as_long = 3;
constexpr std::size_t most_cuts = 6;
constexpr microseconds shortest_cut = std::chrono::seconds(1);

double count(microseconds duration)
{
    return static_cast<double>(duration.count());
}

// A gap is cut out when it is much longer than all that are shorter together.
microseconds longest_drawn(std::vector<microseconds> gaps)
{
    std::ranges::sort(gaps);
    microseconds sum{};
    for (std::size_t i = 0; i < gaps.size(); ++i) {
        const bool few = gaps.size() - i <= most_cuts;
        if (few && sum > microseconds(0) && gaps[i] >= shortest_cut && gaps[i] > times_as_long * sum)
            return gaps[i] - microseconds(1);
        sum += gaps[i];
    }
    return microseconds::max();
}

// 1, 2 or 5 times a power of ten, at least `least`.
microseconds round_step(microseconds least)
{
    std::int64_t step = 1000;
    while (step < least.count()) {
        if (2 * step >= least.count())
            return microseconds(2 * step);
        if (5 * step >= least.count())
            return microseconds(5 * step);
        step *= 10;
    }
    return microseconds(step);
}

}  // namespace

time_axis::time_axis(std::vector<stores::time_point> times, double width)
{
    std::ranges::sort(times);
    times.erase(std::unique(times.begin(), times.end()), times.end());
    if (times.size() == 1)
        times.push_back(times.front() + std::chrono::milliseconds(1));
    std::vector<microseconds> gaps;
    for (std::size_t i = 1; i < times.size(); ++i)
        gaps.push_back(times[i] - times[i - 1]);
    const microseconds longest = longest_drawn(gaps);
    microseconds drawn{};
    double room = width;
    for (std::size_t i = 1; i < times.size(); ++i) {
        const bool is_cut = gaps[i - 1] > longest;
        if (is_cut || parts_.empty() || parts_.back().is_cut)
            parts_.push_back({times[i - 1], times[i], 0, 0, is_cut});
        parts_.back().end = times[i];
        if (is_cut)
            room -= width_of_cut;
        else
            drawn += gaps[i - 1];
    }
    double place = 0;
    for (part& each : parts_) {
        each.place = place;
        each.width = each.is_cut ? width_of_cut : room * count(each.end - each.begin) / std::max(1.0, count(drawn));
        place += each.width;
    }
}

double time_axis::place(stores::time_point time) const
{
    for (const part& each : parts_) {
        if (time <= each.begin)
            return each.place;
        if (time <= each.end)
            return each.place + each.width * count(time - each.begin) / count(each.end - each.begin);
    }
    return parts_.empty() ? 0 : parts_.back().place + parts_.back().width;
}

std::vector<time_axis::mark> time_axis::marks() const
{
    std::vector<mark> marks;
    for (const part& each : parts_) {
        if (each.is_cut)
            continue;
        const double per_pixel = count(each.end - each.begin) / std::max(1.0, each.width);
        const microseconds step = round_step(microseconds(std::llround(per_pixel * width_of_mark)));
        // Behind a cut, the marks count from its end.
        const bool is_first = &each == &parts_.front();
        marks.push_back({each.place, is_first ? "0" : duration_text(each.begin - parts_.front().begin)});
        for (auto at = each.begin + step; at <= each.end; at += step) {
            const double there = place(at);
            if (there - marks.back().place >= width_of_mark * 0.8)
                marks.push_back({there, (is_first ? "" : "+") + duration_text(at - each.begin)});
        }
    }
    return marks;
}

std::vector<time_axis::cut> time_axis::cuts() const
{
    std::vector<cut> cuts;
    for (const part& each : parts_) {
        if (each.is_cut)
            cuts.push_back({each.place, each.place + each.width, duration_text(each.end - each.begin)});
    }
    return cuts;
}

}  // namespace dedalus::runs_program
