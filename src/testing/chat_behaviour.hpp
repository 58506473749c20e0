#pragma once

#include "testing/handoff_scenario.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <string_view>

namespace dedalus::testing {

/// What the server says without a script: a small model that answers every valid request.
class chat_behaviour
{
public:
    chat_behaviour(std::chrono::milliseconds session_lifetime, std::chrono::milliseconds stream_delay)
        : handoff_(session_lifetime), stream_delay_(stream_delay)
    {}

    /// @param request   passed check_request_schema() and check_conversation()
    /// @param raw_body  the text it was parsed from
    reply answer(const boost::json::object& request, std::string_view raw_body);

    void expire_sessions() { handoff_.expire_sessions(); }

private:
    handoff_scenario handoff_;
    std::chrono::milliseconds stream_delay_;
};

}  // namespace dedalus::testing
