#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace dedalus::testing {

/// All there is to know of one handoff of the server's scenario; everything else is derived from it.
struct handoff_state
{
    std::string nonce;
    std::string first_tool;   ///< of the first pending call
    std::string second_tool;  ///< of the second, which depends on the first

    std::string correlation_id() const { return "corr_" + nonce; }

    std::string server_call() const { return "call_" + nonce + "_server"; }

    std::string first_call() const { return "call_" + nonce + "_first"; }

    std::string second_call() const { return "call_" + nonce + "_second"; }

    std::string deferred_call() const { return "call_" + nonce + "_deferred"; }

    std::string booking_reference() const { return "R-" + nonce.substr(0, 6); }
};

/// Whether this is the id of a pending call of some handoff of this scenario.
bool is_handoff_call(std::string_view id);

/// A state with a fresh nonce.
handoff_state new_handoff_state(std::string first_tool, std::string second_tool);

/// The bytes of the `deferred` array. Valid JSON that a parse and a new serialization would change: numbers, an
/// escaped slash, white space. Its arguments carry the state with a checksum, so that any server of this kind can
/// resume from it.
std::string deferred_text(const handoff_state& state);

/// The state inside an element of `deferred_calls`; nothing when there is none or its checksum is wrong.
std::optional<handoff_state> state_of_deferred_call(const boost::json::object& call);

}  // namespace dedalus::testing
