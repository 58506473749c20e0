#pragma once

#include <dedalus/call_options.hpp>
#include <dedalus/response_info.hpp>

#include "client/client_impl.hpp"
#include "client/mcp_credentials.hpp"
#include "transport/call_limits.hpp"
#include "transport/connection_lease.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus {

/// What a call asks, and whom.
struct call_target
{
    transport::http_transport* transport;  ///< the client's, or one that outlives the call
    const http_headers* headers;           ///< likewise
    std::string_view method;               ///< "POST", or "GET" for a call without a body; static
    std::string endpoint;
    std::string_view server{};  ///< see api_error::server(); static
    bool redirected = false;    ///< `endpoint` is the whole path, not one below the prefix of the base URL
};

/// What a redirect to another origin needs.
struct detour
{
    http_headers headers;
    std::unique_ptr<transport::http_transport> transport;
};

/// A request whose MCP credentials are not encrypted yet.
struct unsealed_request
{
    boost::json::object members;  ///< the body, ready for put_sealed_credentials()
    std::string deferred_calls_raw;
    std::string messages_raw;
    std::vector<plain_credential> credentials;
};

/// The body as it stands.
std::string text_of(unsealed_request& request);

/// What one call owns, from its first attempt to the end of its answer.
struct chat_call
{
    std::uint64_t id = 0;  ///< see response_info::call_id
    std::shared_ptr<dedalus::client::impl> client;
    call_target target;
    std::unique_ptr<call_target> direct;         ///< set: a redirect was followed, and this is where the call began
    std::unique_ptr<detour> elsewhere;           ///< set: `target` points into it
    call_options options;                        ///< without what is done once: body, query, timeouts, retry
    retry_options retry;                         ///< of this call
    std::string credential;                      ///< of the attempt; empty: the one of the client's headers
    std::shared_ptr<const std::string> body;     ///< JSON; the same bytes in each attempt
    std::unique_ptr<unsealed_request> unsealed;  ///< set: `body` is made anew from it before the first attempt
    bool stream = false;
    bool fetched_once = false;    ///< the server gives the answer once: errors carry all of it
    std::string idempotency_key;  ///< the same in each attempt
    std::chrono::steady_clock::time_point start;
    transport::call_limits limits;
    protocol::deadline total_of_body;  ///< takes the place of limits.total once the response header has come
    std::size_t max_body_bytes;
    int retries_taken = 0;
    std::shared_ptr<response_info> answered;  ///< what came as a header in this attempt; null: nothing yet
};

/// A 2xx answer.
struct chat_answer
{
    std::shared_ptr<response_info> info;     ///< that of the call; not null
    std::string body;                        ///< complete, unless `connection` is set
    transport::connection_lease connection;  ///< set: an event stream, of which nothing has been read
};

/// A new call begins now, without a body.
std::shared_ptr<chat_call> make_call(std::shared_ptr<client::impl> client, call_target target);

/// What is asked of the API at this endpoint.
/// @param query  put over that of the client.
call_target
api_target(client::impl& client, std::string_view method, std::string endpoint, std::span<const query_parameter> query);

/// Gives the call its body. Throws invalid_request_error when it is larger than limits.max_request_bytes.
void set_body(chat_call& call, std::string body);

/// Sends the request until an attempt is answered with 2xx or the failure is final, and waits in between. Throws the
/// last failure.
boost::asio::awaitable<chat_answer> perform(std::shared_ptr<chat_call> call);

/// Whether the media type is this one, whatever its case and parameters. Nothing: there is no `Content-Type`.
std::optional<bool> has_media_type(const http_headers& headers, std::string_view type);

/// The call has come to its end: puts the last timings into the info and tells the observer.
void complete(const chat_call& call, response_info& info);

/// Time since the call began.
std::chrono::microseconds elapsed(const chat_call& call);

/// To be called in a catch block: throws what is being handled, as a class of dedalus::error with retries_taken().
[[noreturn]] void rethrow_as_error(const chat_call& call);

}  // namespace dedalus
