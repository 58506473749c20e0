#pragma once

#include "client/chat_call.hpp"
#include "protocol/redirect.hpp"

namespace dedalus {

/// The redirect that this answer asks for, if the client follows it.
/// @param followed  how many redirects this attempt has followed.
std::optional<protocol::redirect>
next_redirect(const chat_call& call, int status, const http_headers& headers, int followed);

/// From now on the call goes where the redirect leads: to another origin with connections of its own, and without
/// anything that may be a credential, then and in all redirects after it.
void take_detour(chat_call& call, protocol::redirect where);

/// The call goes where it began: for the next attempt.
void end_detour(chat_call& call);

}  // namespace dedalus
