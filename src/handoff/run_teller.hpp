#pragma once

#include "handoff/exchange_failure.hpp"
#include "handoff/run_event_queue.hpp"
#include "handoff/run_machine.hpp"
#include "handoff/run_narrator.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <memory>

namespace dedalus::handoff_engine {

/// Tells whoever follows a run what happens in it; does nothing when nobody does. See run_narrator.
class run_teller
{
public:
    /// @param events  null: nobody follows the run
    explicit run_teller(std::shared_ptr<run_event_queue> events) : events_(std::move(events)) {}

    void begin(const handoff_core::run_machine& machine, bool resumed);
    void look(const handoff_core::run_machine& machine);

    /// An answer that came at once, as far as a streamed one shows its parts.
    void whole(const chat_completion& answer);

    /// The request of this turn is made again.
    void restarted(int turn, const handoff_core::exchange_failure& failure);

    /// What tools tell while they run; empty when nobody follows. To be called from any thread.
    std::function<void(const handoff_core::call_key&, boost::json::value)> on_progress() const;

private:
    void put(std::vector<run_event> events);

    std::shared_ptr<run_event_queue> events_;
    handoff_core::run_narrator narrator_;
};

}  // namespace dedalus::handoff_engine
