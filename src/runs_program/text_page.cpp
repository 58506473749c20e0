#include "runs_program/text_page.hpp"

#include "runs_program/printable.hpp"
#include "runs_program/words.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace dedalus::runs_program {

namespace {

constexpr std::size_t most_argument_bytes = 400;
constexpr std::size_t most_cell_bytes = 200;

using table = std::vector<std::vector<std::string>>;

// The last column is not filled up.
std::string aligned(const table& rows)
{
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size())
                out.append(widths[i] - row[i].size() + 2, ' ');
        }
        out += '\n';
    }
    return out;
}

stores::time_point stored(std::chrono::system_clock::time_point time)
{
    return std::chrono::time_point_cast<stores::time_point::duration>(time);
}

/// Writes the course with all times counted from the begin of the run.
class course_writer
{
public:
    explicit course_writer(const run_timeline& run) : run_(run) {}

    std::string write()
    {
        head();
        for (int turn = 1; turn <= last_turn(run_); ++turn) {
            out_ += "\nturn " + std::to_string(turn) + '\n';
            for (const timeline_request& request : run_.requests) {
                if (request.turn == turn)
                    write_request(request);
            }
            for (const server_tool_result& call : run_.result.server_tools) {
                if (call.turn == turn)
                    out_ += "  server   " + plain(server_call_text(call)) + '\n';
            }
            for (const timeline_call& call : run_.calls) {
                if (call.result.turn == turn)
                    write_call(call);
            }
        }
        if (!run_.result.final_text.empty() && is_terminal(run_.result.phase))
            out_ += "\nanswer: " + plain(run_.result.final_text) + '\n';
        for (const run_diagnostic& note : run_.result.diagnostics)
            out_ += "note, turn " + std::to_string(note.turn) + ": " + plain(note.code + ": " + note.text) + '\n';
        return std::move(out_);
    }

private:
    void fact(const char* name, const std::string& value) { facts_.push_back({name, value}); }

    void head()
    {
        fact("run", plain(run_.result.run_id));
        std::string phase = phase_text(run_);
        if (run_.suspended_since)
            phase += " since " + time_text(*run_.suspended_since);
        fact("phase", phase);
        if (run_.wakeup_at)
            fact("wakes up", time_text(*run_.wakeup_at));
        fact("model", plain(run_.model));
        const turn_account& turns = run_.result.llm_turns;
        fact("LLM turns", std::to_string(turns.spent()) + " of " + std::to_string(turns.limit));
        fact("begun", time_text(run_.begun));
        fact("changed", time_text(run_.changed) + ", after " + duration_text(run_.changed - run_.begun));
        fact("owners", std::to_string(run_.result.resumes + 1));
        for (const auto& [name, value] : run_.labels)
            fact("label", plain(name + " = " + value));
        out_ += aligned(facts_);
    }

    std::string offset(stores::time_point time) const { return '+' + duration_text(time - run_.begun); }

    void write_request(const timeline_request& request)
    {
        out_ += "  request  at " + offset(request.sent);
        if (request.ended)
            out_ += ", took " + duration_text(*request.ended - request.sent);
        out_ += ": " + request_text(request) + " (attempt " + std::to_string(request.attempt) + ", owner " +
                std::to_string(request.fence) + ")\n";
    }

    void write_call(const timeline_call& call)
    {
        const tool_result& result = call.result;
        out_ += "  call     " + plain(result.name) + ' ' + std::string(to_string(call.effect)) + ": " +
                state_text(call) + '\n';
        std::string id = plain(result.call_id);
        if (call.occurrence > 0)
            id += " (" + std::to_string(call.occurrence + 1) + ". of this id)";
        line("id", id);
        line("arguments", plain(boost::json::serialize(result.arguments), most_argument_bytes));
        for (const std::string& dependency : result.dependencies)
            line("after", plain(dependency));
        for (const call_step& step : steps_of(call, run_.begun))
            line(step.name, step.text);
        if (call.state == timeline_call_state::finished)
            line("result", plain(result.content, most_argument_bytes));
    }

    void line(const std::string& name, const std::string& value)
    {
        constexpr std::size_t width = 12;
        out_.append(11, ' ').append(name).append(name.size() < width ? width - name.size() : 1, ' ');
        out_.append(value).append("\n");
    }

    const run_timeline& run_;
    table facts_;
    std::string out_;
};

}  // namespace

std::string runs_table(const std::vector<stores::run_summary>& runs, bool with_title)
{
    table rows;
    if (with_title)
        rows.push_back({"RUN", "PHASE", "BEGUN", "CHANGED", "OWNERS", "HELD BY"});
    for (const stores::run_summary& run : runs) {
        rows.push_back({
            plain(run.run_id),
            std::string(to_string(run.phase)),
            time_text(run.created_at),
            time_text(run.updated_at),
            std::to_string(run.fence),
            run.lease_owner.empty() ? "-" : plain(run.lease_owner),
        });
    }
    return aligned(rows);
}

std::string waiting_table(const std::vector<waiting_call>& calls)
{
    table rows;
    rows.push_back({"RUN", "CALL", "WAITS FOR", "SINCE", "UNTIL", "TOOL", "ALLOWED", "SUMMARY", "ARGUMENTS"});
    for (const waiting_call& call : calls) {
        rows.push_back({
            plain(call.run_id),
            plain(call.call_id, most_cell_bytes),
            std::string(to_string(call.kind)),
            time_text(stored(call.since)),
            call.expires_at ? time_text(stored(*call.expires_at)) : "-",
            plain(call.name, most_cell_bytes),
            decisions_text(call.decisions),
            call.summary.empty() ? "-" : plain(call.summary, most_argument_bytes),
            plain(boost::json::serialize(call.arguments), most_argument_bytes),
        });
    }
    return aligned(rows);
}

std::string text_page(const run_timeline& run)
{
    return course_writer(run).write();
}

}  // namespace dedalus::runs_program
