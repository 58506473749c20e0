#pragma once

#include <dedalus/chat/model.hpp>
#include <dedalus/handoff/run_result.hpp>

#include "handoff/ledger.hpp"

#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// A call as it is reported; outcome and content are those of one that has ended.
tool_result to_tool_result(const call_record& record);

/// Collects what a run tells about itself besides its messages.
class run_report
{
public:
    explicit run_report(std::string run_id);

    /// Takes over what an answer says of usage, server tools, session and itself.
    /// @param asked  the model of the request
    void add_answer(
        const chat_completion& answer, int turn, const model_selection& asked, time_point sent, time_point answered
    );

    /// A call that is not ours: the server has made it, and told no result.
    void server_call_seen(int turn, std::string id, std::string name);

    /// Bounded: when it is full, further notes are dropped.
    void note(std::string code, int turn, std::string text);
    void note(std::vector<run_diagnostic> diagnostics);

    /// How the run ended. The last answer is the one that is reported.
    void end(run_phase phase, stop_reason reason);

    run_phase phase() const noexcept { return result_.phase; }

    stop_reason reason() const noexcept { return result_.stop_reason; }

    /// What the answers have told, without the calls.
    const run_result& so_far() const noexcept { return result_; }

    /// The result, as far as it is known here.
    run_result result(const ledger& calls) const;

private:
    void add_usage_of(const chat_completion& answer);
    void add_server_tools(const chat_completion& answer, int turn);

    run_result result_;
};

}  // namespace dedalus::handoff_core
