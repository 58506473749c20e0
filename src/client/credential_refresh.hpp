#pragma once

#include "client/chat_call.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace dedalus {

/// Asks the credential_provider of the client for the key of the attempt that begins; without one it does nothing.
/// Throws credential_error, timeout_error of the total limit, and operation_aborted when the call is cancelled.
boost::asio::awaitable<void> refresh_credential(std::shared_ptr<chat_call> call);

}  // namespace dedalus
