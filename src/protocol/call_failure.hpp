#pragma once

#include <dedalus/call_phase.hpp>
#include <dedalus/error.hpp>

#include "protocol/retry_decision.hpp"

#include <optional>

namespace dedalus::protocol {

/// The step in which a call failed, when a connection or a time limit is what failed it.
std::optional<call_phase> failed_phase(const error& failure) noexcept;

/// What decide_retry() has to know of an attempt that failed with this. A certificate that was refused would be refused
/// again, and who shows it may be an attacker; a limit that spans more than the attempt has passed for the next one,
/// too; and what cannot be read, or be sent, does not get better. Those are final. Valid as long as the failure.
attempt_failure failed_attempt(const error& failure);

/// Whether the server has certainly seen nothing of the request.
bool never_sent(const error& failure) noexcept;

}  // namespace dedalus::protocol
