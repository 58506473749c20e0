#pragma once

#include <dedalus/testing/server.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <string>

namespace dedalus::testing {

/// 400 with an OpenAI error body that names the request member at fault.
reply invalid_request_reply(std::string message, std::string param);

/// Checks what the members of a request that passed check_request_schema() demand of each other: every tool call is
/// answered exactly once before the conversation goes on, and options come with what they belong to. Returns the
/// answer to a request that breaks a rule.
/// Calls in `deferred_calls` need no answer.
/// @param partial_answers  those of the last assistant message need none either
std::optional<reply> check_conversation(const boost::json::object& request, bool partial_answers = false);

}  // namespace dedalus::testing
