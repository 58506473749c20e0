#pragma once

#include <dedalus/response_info.hpp>

#include "client/client_impl.hpp"
#include "transport/call_limits.hpp"
#include "transport/connection_lease.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace dedalus {

/// What one call owns, from its first attempt to the end of its answer.
struct chat_call
{
    std::shared_ptr<dedalus::client::impl> client;
    std::shared_ptr<const std::string> body;  ///< JSON; the same bytes in each attempt
    bool stream = false;
    std::string idempotency_key;  ///< the same in each attempt
    std::chrono::steady_clock::time_point start;
    transport::call_limits limits;
    int retries_taken = 0;
};

/// A 2xx answer.
struct chat_answer
{
    response_info info;
    std::string body;                        ///< complete, unless `connection` is set
    transport::connection_lease connection;  ///< set: an event stream, of which nothing has been read
};

/// A new call begins now.
std::shared_ptr<chat_call> make_chat_call(std::shared_ptr<client::impl> client, std::string body, bool stream);

/// Sends the request until an attempt is answered with 2xx or the failure is final, and waits in between. Throws the
/// last failure.
boost::asio::awaitable<chat_answer> perform(std::shared_ptr<chat_call> call);

/// Whether the media type is this one, whatever its case and parameters. Nothing: there is no `Content-Type`.
std::optional<bool> has_media_type(const http_headers& headers, std::string_view type);

/// Time since the call began.
std::chrono::microseconds elapsed(const chat_call& call);

/// To be called in a catch block: throws what is being handled, as a class of dedalus::error with retries_taken().
[[noreturn]] void rethrow_as_error(const chat_call& call);

}  // namespace dedalus
