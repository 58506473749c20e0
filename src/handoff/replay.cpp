#include "handoff/replay.hpp"

#include <utility>

namespace dedalus::handoff_core {

namespace {

class replaying
{
public:
    replaying(run_machine& machine, const facts_by_call& calls) : machine_(machine), calls_(calls) {}

    /// False: the event cannot have happened here.
    bool tell(log_event event)
    {
        return std::visit([this](auto& e) { return on(std::move(e)); }, event);
    }

    /// Tells what is known of the calls of the present turn: by the time of the next request they have all ended.
    void tell_calls()
    {
        // A call that was skipped names the call it was skipped for: the machine must not find another one.
        tell_calls_if(false);
        tell_calls_if(true);
    }

private:
    void tell_calls_if(bool were_run)
    {
        // finish() of the last one closes the turn; the list stays.
        const std::vector<call_key> keys = machine_.open_keys();
        for (const call_key& key : keys) {
            const auto found = calls_.find(key);
            if (found == calls_.end() || (found->second.attempts > 0) != were_run)
                continue;
            const call_facts& facts = found->second;
            if (facts.attempts > 0)
                machine_.tried(key, facts.attempts, facts.started, facts.fence, facts.open);
            if (facts.finished)
                machine_.finish(key, facts.finished->end, facts.finished->entered, facts.finished->finished);
        }
    }

    bool on(const request_sent& sent)
    {
        tell_calls();
        if (machine_.calls_open() || machine_.sending())
            return false;
        const bool there = machine_.begin_request();
        machine_.sent_at(sent.at);
        return there && machine_.sent().turn == sent.turn && machine_.sent().reserved == sent.reserved;
    }

    bool on(request_answered answered)
    {
        if (!machine_.sending())
            return false;
        machine_.on_answer(std::move(answered.answer), answered.at);
        return true;
    }

    bool on(const request_refused& refused)
    {
        if (!machine_.sending())
            return false;
        machine_.on_refusal(refused.kind);
        return true;
    }

    bool on(const request_lost& lost)
    {
        if (!machine_.sending())
            return false;
        if (lost.unreadable)
            machine_.on_unreadable_answer();
        else
            machine_.on_unknown_outcome();
        return true;
    }

    bool on(const call_held& held)
    {
        machine_.hold(held.key, held.kind, held.at);
        return true;
    }

    bool on(const call_approved& approved)
    {
        machine_.approve(approved.key, approved.at, approved.how);
        return true;
    }

    bool on(input_added added)
    {
        machine_.add_input(std::move(added.messages));
        return true;
    }

    bool on(noted note)
    {
        machine_.note(std::move(note.code), std::move(note.text));
        return true;
    }

    bool on(const run_ended& end)
    {
        if (machine_.calls_open())
            tell_calls();
        const bool by_request = end.reason == stop_reason::budget || end.reason == stop_reason::protocol_error;
        if (!machine_.ended() && !machine_.sending() && by_request)
            machine_.begin_request();
        if (!machine_.ended())
            machine_.stop(end.reason, end.at, end.phase);
        return true;
    }

    run_machine& machine_;
    const facts_by_call& calls_;
};

}  // namespace

std::string replay(
    run_machine& machine,
    std::vector<log_event> events,
    const facts_by_call& calls,
    const std::function<void(std::size_t place)>& after
)
{
    replaying run(machine, calls);
    std::size_t place = 0;
    for (log_event& event : events) {
        ++place;
        if (!run.tell(std::move(event)))
            return "event " + std::to_string(place) + " of the log cannot have happened there";
        if (after)
            after(place - 1);
    }
    if (machine.calls_open())
        run.tell_calls();
    return {};
}

}  // namespace dedalus::handoff_core
