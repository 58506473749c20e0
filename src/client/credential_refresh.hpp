#pragma once

#include "client/chat_call.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace dedalus {

/// Whether an attempt of this call asks the credential_provider for its key.
bool refreshes_credential(const chat_call& call);

/// Asks the credential_provider of the client for the key of the attempt that begins. Throws credential_error,
/// timeout_error of the total limit, and operation_aborted when the call is cancelled.
boost::asio::awaitable<void> refresh_credential(std::shared_ptr<chat_call> call);

}  // namespace dedalus
