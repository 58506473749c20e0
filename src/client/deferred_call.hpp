#pragma once

#include <dedalus/call_options.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/deferred.hpp>

#include "client/client_impl.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string_view>

namespace dedalus {

/// client::deferred_completion(). Throws config_error for the options and invalid_request_error for the id and a body;
/// the rest comes from the awaitable.
boost::asio::awaitable<chat_completion> start_deferred_call(
    std::shared_ptr<client::impl> client,
    std::string_view request_id,
    const deferred_options& waits,
    const call_options& options
);

}  // namespace dedalus
