#pragma once

#include "client/chat_call.hpp"
#include "client/key_cache.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace dedalus {

/// The key for the credentials of a call: from the client's cache, from a fetch of another call that is under way, or
/// fetched from the authorization server within the limits of this call. Throws as perform() does, and
/// response_format_error when the server gives no key that can be used.
boost::asio::awaitable<key_cache::key> credential_key(std::shared_ptr<const chat_call> caller);

}  // namespace dedalus
