#include "runs_program/gantt.hpp"

#include "runs_program/printable.hpp"
#include "runs_program/time_axis.hpp"
#include "runs_program/words.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
#include <vector>

namespace dedalus::runs_program {

namespace {

constexpr double label_width = 230;
constexpr double line_width = 800;
constexpr double tail_width = 70;  // of what is not over
constexpr double row_height = 28;
constexpr double head_height = 34;
constexpr double bar_height = 14;
constexpr double least_bar = 3;
constexpr std::size_t most_rows = 400;
constexpr std::size_t label_characters = 26;

std::string number(double value)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.1f", value);
    return text;
}

stores::time_point micro(std::chrono::system_clock::time_point time)
{
    return std::chrono::time_point_cast<stores::time_point::duration>(time);
}

std::vector<stores::time_point> all_times(const run_timeline& run)
{
    std::vector<stores::time_point> times{run.begun, run.changed};
    for (const timeline_request& request : run.requests) {
        times.push_back(request.sent);
        if (request.ended)
            times.push_back(*request.ended);
    }
    for (const timeline_call& call : run.calls) {
        times.push_back(micro(call.result.queued));
        for (const timeline_attempt& attempt : call.attempts)
            times.push_back(attempt.started);
        for (const timeline_wait& wait : call.waits) {
            times.push_back(wait.since);
            if (wait.ended)
                times.push_back(*wait.ended);
        }
        if (call.state == timeline_call_state::finished)
            times.push_back(micro(call.result.finished));
    }
    return times;
}

/// A row, as far as arrows need it.
struct drawn_call
{
    double y = 0;
    double begin = 0;  ///< where it began to run, or to wait
    double end = 0;
};

class drawing
{
public:
    explicit drawing(const run_timeline& run) : run_(run), axis_(all_times(run), line_width) {}

    std::string draw()
    {
        for (int turn = 1; turn <= last_turn(run_) && rows_ < most_rows; ++turn)
            draw_turn(turn);
        draw_arrows();
        const double width = label_width + line_width + tail_width;
        const double height = y() + 8;
        std::string out = "<svg viewBox=\"0 0 " + number(width) + ' ' + number(height) +
                          "\" role=\"img\" aria-label=\"Requests and tool calls of the run over time\">\n"
                          "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
                          "markerHeight=\"7\" orient=\"auto\"><path class=\"arrowhead\" d=\"M0 0L8 4L0 8z\"/></marker>"
                          "</defs>\n";
        return out + bands_ + grid(height) + bars_ + arrows_ + "</svg>\n";
    }

private:
    double y() const { return head_height + row_height * static_cast<double>(rows_); }

    double x(stores::time_point time) const { return label_width + axis_.place(time); }

    static double right_end() { return label_width + line_width + tail_width - 6; }

    std::string grid(double height) const
    {
        std::string out;
        for (const time_axis::mark& mark : axis_.marks()) {
            const std::string place = number(label_width + mark.place);
            out += "<line class=\"grid\" x1=\"" + place + "\" x2=\"" + place + "\" y1=\"" + number(head_height - 6) +
                   "\" y2=\"" + number(height - 8) + "\"/><text class=\"mark\" x=\"" + place + "\" y=\"" +
                   number(head_height - 12) + "\">" + mark.text + "</text>\n";
        }
        for (const time_axis::cut& cut : axis_.cuts()) {
            out += "<rect class=\"cut\" x=\"" + number(label_width + cut.begin) + "\" y=\"" + number(head_height - 6) +
                   "\" width=\"" + number(cut.end - cut.begin) + "\" height=\"" + number(height - head_height - 2) +
                   "\"><title>" + cut.text + " in which nothing began or ended</title></rect>\n";
        }
        return out;
    }

    void draw_turn(int turn)
    {
        const double top = y();
        for (const timeline_request& request : run_.requests) {
            if (request.turn == turn && rows_ < most_rows)
                draw_request(request);
        }
        for (const timeline_call& call : run_.calls) {
            if (call.result.turn == turn && rows_ < most_rows)
                draw_call(call);
        }
        bands_ += "<rect class=\"turn" + std::string(turn % 2 == 0 ? " even" : "") + "\" x=\"0\" y=\"" + number(top) +
                  "\" width=\"" + number(label_width + line_width + tail_width) + "\" height=\"" + number(y() - top) +
                  "\"/><text class=\"turn-name\" x=\"8\" y=\"" + number(top + 18) + "\">" + std::to_string(turn) +
                  "</text>\n";
    }

    void label(const char* style, const std::string& text)
    {
        bars_ += "<text class=\"label " + std::string(style) + "\" x=\"30\" y=\"" + number(y() + 18) + "\">" +
                 html(shortened(text, label_characters)) + "</text>\n";
    }

    /// `to`: none when it is not over.
    void bar(const std::string& style, double from, std::optional<double> to, const std::string& title)
    {
        const double end = to ? std::max(*to, from + least_bar) : right_end();
        bars_ += "<rect class=\"bar " + style + (to ? "" : " open") + "\" x=\"" + number(from) + "\" y=\"" +
                 number(y() + (row_height - bar_height) / 2) + "\" width=\"" + number(end - from) + "\" height=\"" +
                 number(bar_height) + "\" rx=\"3\"><title>" + html(title) + "</title></rect>\n";
    }

    void draw_request(const timeline_request& request)
    {
        label("of-request", request.attempt > 1 ? "request, attempt " + std::to_string(request.attempt) : "request");
        const bool right =
            request.outcome == request_outcome::answered || request.outcome == request_outcome::under_way;
        std::string title = request_text(request) + ", owner " + std::to_string(request.fence);
        if (request.ended)
            title += ", " + duration_text(*request.ended - request.sent);
        const std::optional<double> end = request.ended ? std::optional(x(*request.ended)) : std::nullopt;
        bar(right ? "request" : "request failed", x(request.sent), end, title);
        ++rows_;
    }

    void draw_call(const timeline_call& call)
    {
        label(has_failed(call) ? "failed" : "", call.result.name);
        drawn_call drawn;
        drawn.y = y() + row_height / 2;
        drawn.begin = x(first_step(call));
        drawn.end = right_end();
        const double queued = x(micro(call.result.queued));
        if (drawn.begin > queued)
            bars_ += "<line class=\"queued\" x1=\"" + number(queued) + "\" x2=\"" + number(drawn.begin) + "\" y1=\"" +
                     number(drawn.y) + "\" y2=\"" + number(drawn.y) + "\"/>\n";
        for (const timeline_wait& wait : call.waits)
            draw_wait(call, wait);
        for (std::size_t i = 0; i < call.attempts.size(); ++i)
            draw_attempt(call, i);
        if (call.state == timeline_call_state::finished) {
            drawn.end = x(micro(call.result.finished));
            if (call.attempts.empty())
                bar(has_failed(call) ? "tool failed" : "tool", drawn.end, drawn.end, describe(call));
        }
        calls_[call.result.call_id] = drawn;
        if (!call.result.dependencies.empty())
            dependents_.emplace_back(drawn, &call);
        ++rows_;
    }

    // When it was its turn: it ran, was asked about, or ended without either.
    static stores::time_point first_step(const timeline_call& call)
    {
        std::vector<stores::time_point> steps;
        if (!call.attempts.empty())
            steps.push_back(call.attempts.front().started);
        if (!call.waits.empty())
            steps.push_back(call.waits.front().since);
        if (steps.empty() && call.state == timeline_call_state::finished)
            steps.push_back(micro(call.result.finished));
        return steps.empty() ? micro(call.result.queued) : *std::ranges::min_element(steps);
    }

    static std::string describe(const timeline_call& call)
    {
        return call.result.name + " (" + std::string(to_string(call.effect)) + "): " + state_text(call);
    }

    void draw_wait(const timeline_call& call, const timeline_wait& wait)
    {
        std::string title = call.result.name + " waits for: " + wait_text(wait.kind) + ", " + end_text(wait);
        if (wait.ended)
            title += " after " + duration_text(*wait.ended - wait.since);
        bar("wait", x(wait.since), wait.ended ? std::optional(x(*wait.ended)) : std::nullopt, title);
    }

    // It lasted until the next one, until somebody was asked, or until the call ended.
    static std::optional<stores::time_point> end_of_attempt(const timeline_call& call, std::size_t i)
    {
        std::vector<stores::time_point> ends;
        if (i + 1 < call.attempts.size())
            ends.push_back(call.attempts[i + 1].started);
        else if (call.state == timeline_call_state::finished)
            ends.push_back(micro(call.result.finished));
        for (const timeline_wait& wait : call.waits) {
            if (wait.since >= call.attempts[i].started)
                ends.push_back(wait.since);
        }
        return ends.empty() ? std::nullopt : std::optional(*std::ranges::min_element(ends));
    }

    void draw_attempt(const timeline_call& call, std::size_t i)
    {
        const timeline_attempt& attempt = call.attempts[i];
        const bool last = i + 1 == call.attempts.size();
        std::string style = "tool";
        if (!last || attempt.abandoned)
            style += " lost";
        else if (has_failed(call))
            style += " failed";
        const std::string title = describe(call) + ", attempt " + std::to_string(i + 1) + " by owner " +
                                  std::to_string(attempt.fence) + (last ? "" : ", not seen to end");
        const std::optional<stores::time_point> end = end_of_attempt(call, i);
        bar(style, x(attempt.started), end ? std::optional(x(*end)) : std::nullopt, title);
    }

    void draw_arrows()
    {
        for (const auto& [to, call] : dependents_) {
            for (const std::string& id : call->result.dependencies) {
                const auto from = calls_.find(id);
                if (from == calls_.end() || from->second.y == to.y || from->second.end > to.begin + 1)
                    continue;
                const drawn_call& before = from->second;
                const double down = to.y > before.y ? 1 : -1;
                const double bend = std::max(before.end + 6, to.begin - 8);
                arrows_ += "<path class=\"arrow\" marker-end=\"url(#arrow)\" d=\"M" + number(before.end) + ' ' +
                           number(before.y) + "H" + number(bend) + "V" + number(to.y - down * 10) + "L" +
                           number(std::max(bend, to.begin) + 2) + ' ' + number(to.y - down * 7) + "\"/>\n";
            }
        }
    }

    const run_timeline& run_;
    time_axis axis_;
    std::size_t rows_ = 0;
    std::string bands_;
    std::string bars_;
    std::string arrows_;
    std::map<std::string, drawn_call> calls_;
    std::vector<std::pair<drawn_call, const timeline_call*>> dependents_;
};

}  // namespace

std::string gantt(const run_timeline& run)
{
    return drawing(run).draw();
}

}  // namespace dedalus::runs_program
