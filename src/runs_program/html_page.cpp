#include "runs_program/html_page.hpp"

#include "runs_program/gantt.hpp"
#include "runs_program/html_style.hpp"
#include "runs_program/printable.hpp"
#include "runs_program/words.hpp"

#include <boost/json/serialize.hpp>

#include <cstddef>

namespace dedalus::runs_program {

namespace {

constexpr std::size_t short_text_bytes = 120;

const char* badge_of(run_phase phase)
{
    if (phase == run_phase::completed)
        return "badge good";
    if (is_terminal(phase))
        return "badge bad";
    return phase == run_phase::suspended ? "badge wait" : "badge";
}

const char* badge_of(const timeline_call& call)
{
    if (call.state != timeline_call_state::finished)
        return call.state == timeline_call_state::waiting ? "badge wait" : "badge";
    return has_failed(call) ? "badge bad" : "badge good";
}

std::string effect_badge(const timeline_call& call)
{
    if (call.result.outcome == tool_outcome::unknown_tool)
        return {};
    return "<span class=\"badge\">" + std::string(to_string(call.effect)) + "</span>";
}

class page_writer
{
public:
    explicit page_writer(const run_timeline& run) : run_(run) {}

    std::string write()
    {
        begin();
        facts();
        out_ += "<figure class=\"card\">\n" + gantt(run_) + legend + "</figure>\n";
        for (int turn = 1; turn <= last_turn(run_); ++turn)
            write_turn(turn);
        write_end();
        out_ += "</main>\n</body>\n</html>\n";
        return std::move(out_);
    }

private:
    static constexpr const char* legend =
        "<ul class=\"legend\"><li><i class=\"request\"></i>request</li><li><i class=\"tool\"></i>tool runs</li>"
        "<li><i class=\"wait\"></i>waits for somebody</li><li><i class=\"failed\"></i>failed, refused or lost</li>"
        "<li><i class=\"queued\"></i>waits for another call</li><li><i class=\"cut\"></i>time cut out</li></ul>\n";

    void begin()
    {
        const std::string name = html(run_.result.run_id);
        out_ +=
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
            "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
            name + "</title>\n<style>";
        out_ += html_style;
        out_ += "</style>\n</head>\n<body>\n<main>\n<header><h1>" + name + "</h1><span class=\"" +
                badge_of(run_.result.phase) + "\">" + html(phase_text(run_)) + "</span></header>\n";
    }

    void fact(const char* name, const std::string& value)
    {
        out_ += "<div><dt>" + std::string(name) + "</dt><dd>" + html(value) + "</dd></div>\n";
    }

    void facts()
    {
        out_ += "<dl class=\"facts card\">\n";
        fact("model", run_.model);
        const turn_account& turns = run_.result.llm_turns;
        fact("LLM turns", std::to_string(turns.spent()) + " of " + std::to_string(turns.limit));
        fact("begun", time_text(run_.begun));
        fact("last change", time_text(run_.changed) + ", after " + duration_text(run_.changed - run_.begun));
        if (run_.suspended_since)
            fact("suspended since", time_text(*run_.suspended_since));
        if (run_.wakeup_at)
            fact("wakes up", time_text(*run_.wakeup_at));
        fact("owners so far", std::to_string(run_.result.resumes + 1));
        for (const auto& [name, value] : run_.labels)
            fact("label", name + " = " + value);
        out_ += "</dl>\n";
    }

    std::string offset(stores::time_point time) const { return "+" + duration_text(time - run_.begun); }

    void write_turn(int turn)
    {
        out_ += "<h2>Turn " + std::to_string(turn) + "</h2>\n";
        for (const timeline_request& request : run_.requests) {
            if (request.turn != turn)
                continue;
            std::string text = "Request at " + offset(request.sent) + ": " + request_text(request);
            if (request.ended)
                text += " after " + duration_text(*request.ended - request.sent);
            text += ". Attempt " + std::to_string(request.attempt) + ", owner " + std::to_string(request.fence) +
                    ", up to " + std::to_string(request.reserved) + " LLM turns.";
            out_ += "<p class=\"soft\">" + html(text) + "</p>\n";
        }
        for (const server_tool_result& call : run_.result.server_tools) {
            if (call.turn == turn)
                write_server_call(call);
        }
        for (const timeline_call& call : run_.calls) {
            if (call.result.turn == turn)
                write_call(call);
        }
    }

    void write_server_call(const server_tool_result& call)
    {
        out_ += "<p class=\"soft\">The server ran " + html(server_call_text(call)) + "</p>\n";
    }

    void write_call(const timeline_call& call)
    {
        const tool_result& result = call.result;
        out_ += "<article class=\"card call\"><header><h3>" + html(result.name) + "</h3><span class=\"" +
                badge_of(call) + "\">" + html(state_text(call)) + "</span>" + effect_badge(call) +
                "<span class=\"soft\">" + html(result.call_id, short_text_bytes) + "</span></header>\n<ul>\n";
        write_steps(call);
        out_ += "</ul>\n";
        text_block("Arguments", boost::json::serialize(result.arguments));
        if (call.state == timeline_call_state::finished)
            text_block("Result", result.content);
        out_ += "</article>\n";
    }

    void step(const std::string& text) { out_ += "<li>" + html(text) + "</li>\n"; }

    void write_steps(const timeline_call& call)
    {
        for (const std::string& dependency : call.result.dependencies)
            step("comes after " + dependency);
        for (const call_step& each : steps_of(call, run_.begun))
            step(each.name + ' ' + each.text);
    }

    void text_block(const char* name, const std::string& text)
    {
        if (text.size() <= short_text_bytes)
            out_ += "<div class=\"soft\">" + std::string(name) + "</div><pre>" + html(text) + "</pre>\n";
        else
            out_ += "<details><summary>" + std::string(name) + "</summary><pre>" + html(text) + "</pre></details>\n";
    }

    void write_end()
    {
        if (is_terminal(run_.result.phase) && !run_.result.final_text.empty())
            out_ += "<h2>Answer</h2>\n<pre>" + html(run_.result.final_text) + "</pre>\n";
        if (run_.result.diagnostics.empty())
            return;
        out_ += "<h2>Notes</h2>\n<ul>\n";
        for (const run_diagnostic& note : run_.result.diagnostics)
            step("turn " + std::to_string(note.turn) + ": " + note.code + ": " + note.text);
        out_ += "</ul>\n";
    }

    const run_timeline& run_;
    std::string out_;
};

}  // namespace

std::string html_page(const run_timeline& run)
{
    return page_writer(run).write();
}

}  // namespace dedalus::runs_program
