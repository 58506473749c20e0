#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/http_headers.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace dedalus::protocol {

/// Why an attempt failed.
struct attempt_failure
{
    enum class kind
    {
        status,      ///< an answer outside 2xx: `status`, `headers`, `api_code` and `api_type` say which
        connection,  ///< resolve, connect, TLS, write or read failed, and the caller has seen nothing of an answer
        timeout,     ///< a limit of the attempt passed, likewise
        final,       ///< configuration, decoding, cancelled, a stream that has begun, the total limit
    };

    kind what = kind::final;
    int status = 0;
    const http_headers* headers = nullptr;  ///< of the answer; null when there was none
    std::string_view api_code{};
    std::string_view api_type{};
};

struct retry_decision
{
    bool retry = false;
    std::chrono::milliseconds wait{};                        ///< before the next attempt; 0 without one
    std::optional<std::chrono::milliseconds> retry_after{};  ///< the server's hint, above the cap too

    bool operator==(const retry_decision&) const = default;
};

/// Throws config_error, which names the option.
void check_retry(const retry_options& retry);

/// What `x-should-retry` says. Null: there are no headers.
std::optional<bool> servers_wish(const http_headers* headers);

/// Whether to try again, and after which wait. `x-should-retry` decides over everything but the number of attempts and
/// a hint above the cap.
/// @param retries_taken  attempts that came before the failed one; not negative.
/// @param random         uniform in [0, 1), for the jitter.
retry_decision decide_retry(
    const retry_options& options,
    const attempt_failure& failure,
    int retries_taken,
    double random,
    std::chrono::system_clock::time_point now
);

/// The server's hint: `retry-after-ms`, else `Retry-After` in seconds, else `Retry-After` as a date; fractions are
/// rounded up to a millisecond. A value that is negative, not finite, too large to represent or not readable is passed
/// over. A date in the past is 0.
std::optional<std::chrono::milliseconds>
parse_retry_after(const http_headers& headers, std::chrono::system_clock::time_point now);

}  // namespace dedalus::protocol
