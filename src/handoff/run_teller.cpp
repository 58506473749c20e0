#include "handoff/run_teller.hpp"

#include <string>
#include <utility>

namespace dedalus::handoff_engine {

void run_teller::begin(const handoff_core::run_machine& machine, bool resumed)
{
    if (events_)
        put(narrator_.begin(machine, resumed));
}

void run_teller::look(const handoff_core::run_machine& machine)
{
    if (events_)
        put(narrator_.look(machine));
}

void run_teller::whole(const chat_completion& answer)
{
    if (events_ && !answer.text().empty())
        events_->put(text_delta_event{std::string(answer.text())});
}

void run_teller::restarted(int turn, const handoff_core::exchange_failure& failure)
{
    if (!events_)
        return;
    std::string reason(failure.why);
    if (failure.status > 0)
        reason += ' ' + std::to_string(failure.status);
    events_->put(turn_restarted_event{turn, std::move(reason)});
}

std::function<void(const handoff_core::call_key&, boost::json::value)> run_teller::on_progress() const
{
    if (!events_)
        return {};
    return [events = events_](const handoff_core::call_key& key, boost::json::value value) {
        if (!value.is_null())
            events->put_if_room(call_progress_event{key.call_id, key.occurrence, std::move(value)});
    };
}

void run_teller::put(std::vector<run_event> events)
{
    for (run_event& event : events)
        events_->put(std::move(event));
}

}  // namespace dedalus::handoff_engine
