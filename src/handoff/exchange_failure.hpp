#pragma once

#include "handoff/run_machine.hpp"
#include "protocol/retry_decision.hpp"

#include <boost/system/system_error.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace dedalus::handoff_core {

/// As exchange_failure::why has it: the answer came and cannot be read.
inline constexpr std::string_view why_unreadable = "format";

/// Why a request has no answer, as far as the run goes on from it.
struct exchange_failure
{
    refusal_kind kind = refusal_kind::unknown;
    int status = 0;                       ///< of an answer
    std::string_view why = "connection";  ///< as it is stored: "connection", "status", why_unreadable
    bool ends_run = false;                ///< the same would come again
    stop_reason ends_as = stop_reason::error;
    std::optional<bool> wish{};             ///< of the server: whether it is to be tried again
    std::optional<stop_reason> suspends{};  ///< when it is not tried again: somebody may undo the cause
    protocol::attempt_failure attempt{};    ///< for the decision on another attempt; valid as long as the failure
};

/// @param machine  that the request came from
exchange_failure judge_failure(const run_machine& machine, const boost::system::system_error& failure);

/// The idempotency key of a request: the same for the same bytes of a turn, until the server has refused them.
std::string request_key(std::string_view run_id, const request_facts& facts, std::string_view body_sha256);

}  // namespace dedalus::handoff_core
