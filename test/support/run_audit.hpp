#pragma once

#include <dedalus/handoff/run_phase.hpp>
#include <dedalus/stores/records.hpp>

#include "handoff/checkpoint_head.hpp"
#include "handoff/run_records.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <string>

namespace test {

/// What holds of a stored run at every moment, whatever happens to the processes that follow it: it can be read, only
/// grows, and is written by its owner alone; the account of its turns is right; its end is the end.
class run_audit
{
public:
    /// Looks at the run as it is now. Gives what is wrong, "" when nothing is.
    std::string look_at(const dedalus::stores::stored_run& run)
    {
        std::string problem = compare(run);
        last_ = run;
        return problem;
    }

private:
    static bool names_blobs(const dedalus::stores::stored_run& run)
    {
        return std::any_of(run.calls.begin(), run.calls.end(), [](const dedalus::stores::call_record& record) {
            return record.kind == dedalus::stores::call_record_kind::finish &&
                   !dedalus::handoff_core::blobs_of_finish(record.body).empty();
        });
    }

    std::string compare(const dedalus::stores::stored_run& run)
    {
        try {
            // Checksums, gaps, finishes, phases, and turns spent and reserved against the limit.
            const dedalus::handoff_core::checkpoint_head head = dedalus::handoff_core::read_checkpoint(run);
            if (!demands(head, dedalus::handoff_core::demand_of_blobs) && names_blobs(run))
                return "a record names a blob, and readers are not told";
            if (head.budget.spent < spent_)
                return "turns were given back";
            spent_ = head.budget.spent;
        }
        catch (const std::exception& e) {
            return e.what();
        }
        if (run.fence < last_.fence)
            return "the fence went back";
        const bool first = last_.run_id.empty();
        if (!first && (run.rev < last_.rev || run.rev > last_.rev + 1))
            return "the revision did not grow by one";
        if (is_terminal(last_.head.phase) && (run.rev != last_.rev || run.calls != last_.calls))
            return "a run that had ended was changed";
        return compare_records(run);
    }

    std::string compare_records(const dedalus::stores::stored_run& run) const
    {
        if (run.entries.size() < last_.entries.size() ||
            !std::equal(last_.entries.begin(), last_.entries.end(), run.entries.begin()))
            return "a log entry was changed";
        for (const dedalus::stores::call_record& record : last_.calls) {
            if (std::find(run.calls.begin(), run.calls.end(), record) == run.calls.end())
                return "a call record was changed";
        }
        std::int64_t newest = 0;
        for (const dedalus::stores::log_entry& entry : run.entries) {
            if (entry.fence < newest)
                return "a former owner has written to the log";
            newest = entry.fence;
        }
        return {};
    }

    dedalus::stores::stored_run last_{};
    std::int64_t spent_ = 0;
};

}  // namespace test
