#pragma once

#include <dedalus/config.hpp>

#include <boost/system/error_code.hpp>

#include <type_traits>

namespace dedalus {

/// What went wrong, by what the caller can do about it. `error::code()` holds one of these, or
/// `boost::asio::error::operation_aborted` when the caller cancelled.
enum class errc
{
    config = 1,         ///< missing, contradictory or unusable option
    invalid_request,    ///< the request cannot be put into JSON: invalid UTF-8, NaN, infinity, a wrong
                        ///< type, nested too deep, too large
    connection,         ///< resolve, connect, TLS, write or read failed
    timeout,            ///< a time limit passed, see timeout_error::phase()
    invalid_response,   ///< the answer is not what the API documents: wrong content type, malformed JSON, wrong type
    limit_exceeded,     ///< the answer is larger than client_options::limits allow
    incomplete_stream,  ///< the stream ended before the answer did
    operation_in_progress,  ///< a second next() while one is pending
    bad_request,            ///< HTTP 400
    authentication,         ///< HTTP 401
    payment_required,       ///< HTTP 402
    permission_denied,      ///< HTTP 403
    request_timeout,        ///< HTTP 408
    not_found,              ///< HTTP 404
    conflict,               ///< HTTP 409
    unprocessable_entity,   ///< HTTP 422
    rate_limit,             ///< HTTP 429
    internal_server,        ///< HTTP 5xx
    api,                    ///< any other HTTP error status, or an error object inside a 200 answer
    validation,             ///< JSON and a described type do not fit each other, see parse_error.hpp
    cut_by_length,          ///< a structured answer that ended at the token limit
    cut_by_content_filter,  ///< a structured answer that a content filter withheld
    credential,             ///< client_options::credential_provider gave no key
    store,                  ///< a run store could not do what it was asked for, see store_error::reason()
};

/// Groups of codes: `if (e.code() == dedalus::condition::retryable)`.
enum class condition
{
    retryable = 1,  ///< another attempt may succeed: connection, timeout, request_timeout, conflict, rate_limit,
                    ///< internal_server
    timeout,        ///< a time limit passed
    auth,           ///< authentication or permission_denied
};

DEDALUS_EXPORT const boost::system::error_category& error_category() noexcept;
DEDALUS_EXPORT const boost::system::error_category& condition_category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept
{
    return {static_cast<int>(e), error_category()};
}

inline boost::system::error_condition make_error_condition(condition c) noexcept
{
    return {static_cast<int>(c), condition_category()};
}

}  // namespace dedalus

template <>
struct boost::system::is_error_code_enum<dedalus::errc> : std::true_type
{};

template <>
struct boost::system::is_error_condition_enum<dedalus::condition> : std::true_type
{};
