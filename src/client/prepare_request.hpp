#pragma once

#include "client/chat_call.hpp"
#include "transport/http_transport.hpp"

namespace dedalus {

/// The request of the attempt that begins now. Headers, from low to high weight: the client's, the credential of the
/// attempt, what the call needs, call_options, what the hook on_request wants.
transport::http_request prepare_request(const chat_call& call);

/// Throws config_error when the headers, limits or retries cannot be used.
void check_call_options(const call_options& options);

/// From now on the call does what the options say. The body is not its business.
void apply_call_options(chat_call& call, const call_options& options);

}  // namespace dedalus
