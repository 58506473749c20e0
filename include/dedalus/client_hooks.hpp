#pragma once

#include <dedalus/error.hpp>
#include <dedalus/http_headers.hpp>
#include <dedalus/response_info.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace dedalus {

// Views are valid while the hook runs.

/// Which attempt of which call.
struct attempt_view
{
    std::uint64_t call_id;    ///< as in response_info::call_id
    int attempt;              ///< from 1
    std::string_view method;  ///< "POST" or "GET"
    std::string_view url;     ///< without user name and password; what looks like a key or a secret masked
};

struct request_view
{
    attempt_view attempt;
    const http_headers& headers;  ///< values of headers that are not known to be harmless are `<redacted>`
    std::size_t body_bytes;
};

struct response_view
{
    attempt_view attempt;
    const response_info& info;  ///< as received, nothing masked; the body has not been read
};

struct retry_view
{
    attempt_view attempt;  ///< the one that failed
    const error& failure;
    std::chrono::milliseconds wait;  ///< before the next one
};

struct complete_view
{
    attempt_view attempt;
    const response_info& info;  ///< as the caller gets it
};

struct failure_view
{
    attempt_view attempt;
    const error& failure;  ///< as the caller gets it; an api_error holds the server's words
};

enum class connection_event
{
    opened,  ///< connected, TLS included
    reused,  ///< taken from the pool
    closed,
};

/// Why a connection was closed.
enum class close_reason
{
    none,          ///< it was not
    abandoned,     ///< in the middle of a request or answer: a failure, a cancelled call, a dropped stream
    not_reusable,  ///< the server said so, has closed it, or the answer was not read to its end
    idle,          ///< it waited in the pool: too long, one too many, or until the client was destroyed
};

struct connection_view
{
    connection_event event;
    close_reason reason;
    std::string_view host;
};

/// Functions of the user that see what the client does. All are optional. They run inside of the call, on the executor
/// of the coroutine that awaits it; `on_connection` with `closed` on whichever thread drops the connection. Several may
/// run at once. They must not block. What they throw never reaches the call: the first exception of a client is logged
/// (event `hook_failed`, level error), later ones are dropped. The fetch of a key for MCP credentials has no hooks but
/// log lines.
struct client_hooks
{
    /// Before each attempt. Gives headers to set in it, such as W3C `traceparent`; they win over all others.
    std::function<http_headers(const request_view&)> on_request{};

    std::function<void(const response_view&)> on_response{};      ///< a response header has come, of any status
    std::function<void(const retry_view&)> on_retry{};            ///< before the wait
    std::function<void(const connection_view&)> on_connection{};  ///< of the pool of this client and those derived

    /// The answer is there, or the stream has come to its end. Each call ends with this one or with on_error, but for
    /// a stream that is dropped before its end: it has neither.
    std::function<void(const complete_view&)> on_complete{};

    std::function<void(const failure_view&)> on_error{};
};

}  // namespace dedalus
