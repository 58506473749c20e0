#pragma once

#include <functional>

namespace dedalus::handoff_engine {

/// Asks one run to stop, or to look what is in its inbox. To be used on the strand of the run.
class run_stop
{
public:
    /// Running tools and a request under way are cancelled.
    void now()
    {
        after_turn_ = true;
        now_ = true;
        if (interrupt_)
            interrupt_();
    }

    /// Once the calls of the present turn have ended.
    void after_turn() { after_turn_ = true; }

    bool asked_now() const noexcept { return now_; }

    bool asked_after_turn() const noexcept { return after_turn_; }

    /// Something was put into the inbox of the run.
    void look()
    {
        if (look_)
            look_();
    }

    /// What ends the waits of the run; empty when it has none any more.
    void on_now(std::function<void()> interrupt) { interrupt_ = std::move(interrupt); }

    /// Likewise, what makes it look.
    void on_look(std::function<void()> look) { look_ = std::move(look); }

private:
    bool now_ = false;
    bool after_turn_ = false;
    std::function<void()> interrupt_;
    std::function<void()> look_;
};

}  // namespace dedalus::handoff_engine
