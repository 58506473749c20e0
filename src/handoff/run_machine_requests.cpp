// The part of run_machine that makes requests.

#include "codec/encode_chat_request.hpp"
#include "crypto/sha256.hpp"
#include "handoff/run_machine.hpp"

#include <utility>

namespace dedalus::handoff_core {

bool run_machine::begin_request()
{
    if (state_ == state::ended)
        return false;
    if (budget_.reserve(resend_cap_) == 0) {
        end(run_phase::budget_exhausted, stop_reason::budget);
        return false;
    }
    if (!add_to_history()) {
        budget_.refund();
        end(run_phase::failed, stop_reason::protocol_error);
        return false;
    }
    state_ = state::sending;
    sent_.turn = turn_ + 1;
    ++sent_.attempt;
    sent_.reserved = budget_.reserved();
    sent_.step = settings_.extensions ? session_.step() : resume_step::plain;
    return true;
}

chat_completion_request run_machine::request(dialect to)
{
    chat_completion_request request = base_;
    if (settings_.extensions) {
        session_.write(request, !settings_.tool_names.empty());
        switch (settings_.profile.send_max_turns) {
        case sent_turns::reservation:
            request.max_turns = budget_.reserved();
            break;
        case sent_turns::run_limit:
            request.max_turns = settings_.max_turns;
            break;
        case sent_turns::omit:
            request.max_turns.reset();
            break;
        }
    }
    else {
        request.correlation_id.reset();
        request.deferred_calls.clear();
        request.deferred_calls_raw.clear();
        request.handoff_mode.reset();
        request.max_turns.reset();
    }
    request.messages_raw = history_.sendable_text(sent_deferred(), sent_held_back(), to);
    return request;
}

std::string run_machine::body_sha256(const chat_completion_request& request, bool streamed, dialect to)
{
    if (request.messages_raw.empty())
        return crypto::sha256_hex(codec::encode_chat_request(request, streamed, to));
    return history_.body_sha256(codec::encode_chat_request_frame(request, streamed, to));
}

// False: a server would refuse such a list, now and whenever it is sent again.
bool run_machine::add_to_history()
{
    const id_set deferred = sent_deferred();
    const id_set held_back = sent_held_back();
    std::optional<std::string> violation = history_.find_new_violation(deferred, held_back);
    if (!violation && sent_.attempt == 0) {
        history_.add(std::exchange(added_input_, {}));
        violation = history_.find_new_violation(deferred, held_back);
    }
    if (!violation)
        return true;
    note("protocol_error", "what is new in the messages is no valid list: " + *violation);
    history_.drop_unchecked();
    return false;
}

// Calls that the next request leaves without a tool message, and which stay in it all the same: these, and those that
// are held back.
id_set run_machine::sent_deferred() const
{
    return settings_.extensions && settings_.profile.deferred_in_assistant ? session_.deferred_ids() : id_set();
}

id_set run_machine::sent_held_back() const
{
    return settings_.extensions && session_.step() != resume_step::replan ? held_back_ : id_set();
}

}  // namespace dedalus::handoff_core
