#pragma once

#include "testing/chat_answer.hpp"
#include "testing/handoff_state.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dedalus::testing {

/// The server's own handoff: one server call is done, two client calls are pending (the second after the first), one
/// server call is deferred until the second is answered. A resume goes on from a session or, without one, from the
/// state that the deferred call carries. Members may be called from any thread.
class handoff_scenario
{
public:
    using clock = std::chrono::steady_clock;

    explicit handoff_scenario(std::chrono::milliseconds session_lifetime) : session_lifetime_(session_lifetime) {}

    /// The handoff answer to a request with tools.
    chat_answer begin(const boost::json::object& request, clock::time_point now);

    /// Whether the tool messages at the end of the request answer a handoff of this scenario.
    static bool is_resume(const boost::json::object& request);

    /// The final answer, or the refusal of a resume that is not valid.
    /// @param raw_deferred  the bytes of `deferred_calls` in the body; nothing when it is absent, null or empty
    std::variant<chat_answer, reply>
    resume(const boost::json::object& request, std::optional<std::string_view> raw_deferred, clock::time_point now);

    void expire_sessions();

private:
    struct session
    {
        handoff_state state;
        clock::time_point expires;
    };

    std::optional<handoff_state> find_session(const std::string& correlation_id, clock::time_point now);

    std::chrono::milliseconds session_lifetime_;
    std::mutex mutex_;
    std::map<std::string, session> sessions_;
};

}  // namespace dedalus::testing
