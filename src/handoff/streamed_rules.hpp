#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/handoff/wire_profile.hpp>

#include <boost/system/system_error.hpp>

#include <optional>

namespace dedalus::handoff_core {

// What a streamed answer of a run has to keep to, beyond what every stream has to: a run acts on it.

/// Throws incomplete_stream_error unless the end marker came and each choice has a finish reason.
void check_whole(const chat_completion& answer, bool got_end_marker);

/// The answer that this failure tells of, when nothing but its end marker is missing and the profile takes it so.
std::optional<chat_completion> accepted_without_end(const wire_profile& profile, const boost::system::system_error& e);

}  // namespace dedalus::handoff_core
