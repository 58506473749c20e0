#pragma once

#include <dedalus/api_error.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/error.hpp>

#include "handoff/history.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// What the next request gives the server to go on from.
enum class resume_step
{
    session,    ///< correlation_id and deferred_calls
    stateless,  ///< no correlation_id
    replan,     ///< neither, and handoff_mode false: the model runs again over the history
    plain,      ///< none of the Dedalus members, for the rest of the run
};

/// The server's side of a run: its session and the calls it has deferred.
class server_session
{
public:
    server_session() = default;

    /// Goes on from what the request carries.
    explicit server_session(const chat_completion_request& request);

    /// An accepted answer: its correlation_id replaces the last one when it has one, its `deferred` always does.
    /// @param id_lasts  false: without a correlation_id there is none any more
    void update(const chat_completion& answer, bool id_lasts = true);

    /// Takes the next step of the fallback when the server has definitely refused to resume, or a Dedalus member; false
    /// when there is none or the error is about something else. A step that is answered is the end of the fallback.
    bool fall_back(const api_error& error);

    /// Takes the next step of the fallback, whatever asked for it; false when there is none.
    bool step_down();

    /// Puts correlation_id, deferred_calls (byte for byte) and handoff_mode into the request. A handoff_mode that the
    /// request has, also as an explicit null, stays.
    void write(chat_completion_request& request, bool client_tools) const;

    const std::string& correlation_id() const noexcept { return correlation_id_; }

    resume_step step() const noexcept { return step_; }

    /// Ids of the deferred calls: the calls of the history that need no answer from us.
    const id_set& deferred_ids() const noexcept { return deferred_ids_; }

    const std::vector<deferred_call>& deferred() const noexcept { return deferred_; }

private:
    void set_deferred(std::vector<deferred_call> calls, std::string raw);

    std::string correlation_id_;
    std::vector<deferred_call> deferred_;
    std::string deferred_raw_;
    id_set deferred_ids_;
    resume_step step_ = resume_step::session;
};

/// Whether the server says that it does not know a Dedalus member: 400 or 422 that names one, or an unknown member.
bool refuses_extensions(const api_error& error);

/// Whether the server says that it cannot resume: 404, 409 or 410 that speaks of the session, or 400 or 422 that speaks
/// of it, of a member that resumes, or of the tool messages.
bool refuses_to_resume(const api_error& error);

}  // namespace dedalus::handoff_core
