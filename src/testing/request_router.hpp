#pragma once

#include <dedalus/testing/server.hpp>

#include "testing/chat_behaviour.hpp"
#include "testing/credential_opener.hpp"
#include "testing/deferred_results.hpp"
#include "testing/server_state.hpp"

#include <string>
#include <string_view>

namespace dedalus::testing {

/// Finds the reply to a request: path, method, key and content type, validation, script, handler, built-in behaviour,
/// in this order. answer() is called on the server's thread alone.
class request_router
{
public:
    /// @param state  borrowed, outlives this
    request_router(const server_options& options, server_state& state);

    /// Whatever throws on the way becomes a 500.
    reply answer(const received_request& request);

    /// May be called from any thread.
    void expire_sessions() { behaviour_.expire_sessions(); }

    /// May be called from any thread.
    credential_opener& opener() { return opener_; }

private:
    reply route(const received_request& request);
    reply answer_lookup(const received_request& request, std::string_view path);
    reply answer_chat(const received_request& request);
    reply answer_valid(const received_request& request, const boost::json::object& body);
    bool authorized(const received_request& request) const;

    std::string api_key_;
    bool partial_answers_;
    server_state& state_;
    chat_behaviour behaviour_;
    deferred_results deferred_;
    credential_opener opener_;
};

}  // namespace dedalus::testing
