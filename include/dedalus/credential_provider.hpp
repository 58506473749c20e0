#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>

namespace dedalus {

/// Gives the API key of one attempt, sent as `Authorization: Bearer`. Called before every attempt, retries included,
/// and run on the executor of the coroutine that awaits the call; calls that go on at the same time call it at the same
/// time. When the call is cancelled or its total limit passes, its coroutine is cancelled (terminal) and no longer
/// waited for.
using credential_provider = std::function<boost::asio::awaitable<std::string>()>;

}  // namespace dedalus
