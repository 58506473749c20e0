#pragma once

#include <dedalus/stores/records.hpp>

#include <string>
#include <vector>

namespace dedalus::runs_program {

/// Places times on a line. Times at which nothing begins or ends for long, as when a person is waited for, are cut
/// out, so that milliseconds and days have room beside each other.
class time_axis
{
public:
    /// @param times  at which something begins or ends; the first of them in time is the begin of the axis
    /// @param width  of the line
    time_axis(std::vector<stores::time_point> times, double width);

    /// From 0 to the width. Times outside are put at its ends.
    double place(stores::time_point time) const;

    struct mark
    {
        double place = 0;
        std::string text{};  ///< time since the begin
    };

    /// Round times, as many as have room.
    std::vector<mark> marks() const;

    struct cut
    {
        double begin = 0;
        double end = 0;
        std::string text{};  ///< how long it is
    };

    std::vector<cut> cuts() const;

private:
    /// A part of the time, drawn evenly.
    struct part
    {
        stores::time_point begin{};
        stores::time_point end{};
        double place = 0;
        double width = 0;
        bool is_cut = false;
    };

    std::vector<part> parts_;
};

}  // namespace dedalus::runs_program
