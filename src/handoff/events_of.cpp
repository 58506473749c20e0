#include <dedalus/handoff/run_timeline.hpp>

#include "handoff/rebuild.hpp"
#include "handoff/run_narrator.hpp"

#include <iterator>
#include <limits>
#include <utility>

namespace dedalus {

namespace core = handoff_core;

namespace {

/// Tells the events of a machine that is rebuilt.
class retelling
{
public:
    explicit retelling(std::int64_t from_seq) : from_seq_(from_seq) {}

    void look(const core::run_machine& machine, std::int64_t seq)
    {
        std::vector<run_event> news = narrator_.look(machine);
        if (seq < from_seq_) {
            turns_ = machine.turn();
            return;
        }
        const std::string text = machine.report().so_far().last_completion.text();
        if (std::exchange(turns_, machine.turn()) < machine.turn() && !text.empty())
            events.emplace_back(text_delta_event{text});
        events.insert(events.end(), std::make_move_iterator(news.begin()), std::make_move_iterator(news.end()));
    }

    std::vector<run_event> events{};

private:
    core::run_narrator narrator_;
    std::int64_t from_seq_;
    int turns_ = 0;
};

}  // namespace

std::vector<run_event> events_of(const stores::stored_run& run, std::int64_t from_seq)
{
    const run_result known = timeline_of(run).result;
    retelling told(from_seq);
    if (from_seq <= 1)
        told.events.emplace_back(run_started_event{run.run_id});
    const core::run_machine machine = core::rebuild_machine(
        run,
        core::read_definition(run.entries.front()),
        core::read_calls(run),
        [&told](const core::run_machine& so_far, std::int64_t seq) { told.look(so_far, seq); }
    );
    // Ends of calls of the present turn stand beside the log.
    told.look(machine, std::numeric_limits<std::int64_t>::max());
    if (known.phase == run_phase::suspended)
        told.events.emplace_back(run_suspended_event{known.stop_reason});
    else if (known.phase == run_phase::completed)
        told.events.emplace_back(run_completed_event{known.stop_reason});
    else if (is_terminal(known.phase))
        told.events.emplace_back(run_failed_event{known.phase, known.stop_reason});
    return std::move(told.events);
}

}  // namespace dedalus
