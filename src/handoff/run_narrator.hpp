#pragma once

#include <dedalus/handoff/run_event.hpp>

#include "handoff/run_machine.hpp"

#include <cstddef>
#include <vector>

namespace dedalus::handoff_core {

/// Makes events of what has changed in a machine since it was last looked at. To be asked when what has changed is
/// stored, and before a request is sent.
class run_narrator
{
public:
    /// What the machine of a resumed run has at first is told in sum.
    std::vector<dedalus::run_event> begin(const run_machine& machine, bool resumed);

    std::vector<dedalus::run_event> look(const run_machine& machine);

private:
    struct told_call
    {
        call_state state = call_state::planned;
        wait_kind waits_for = wait_kind::approval;
        int attempts = 0;
    };

    void look_at_request(const run_machine& machine);
    void look_at_answer(const run_result& report);
    void look_at_calls(const run_machine& machine);
    void look_at_call(const call_record& call, told_call& told);

    std::vector<dedalus::run_event> events_;
    bool sending_ = false;
    int turns_ = 0;
    std::size_t server_tools_ = 0;
    std::size_t diagnostics_ = 0;
    std::vector<told_call> calls_;
    std::size_t all_finished_before_ = 0;
};

}  // namespace dedalus::handoff_core
