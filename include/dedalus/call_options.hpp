#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/http_headers.hpp>
#include <dedalus/query_parameter.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace dedalus {

/// What one call does in another way than its client. Copied by the call. What is wrong with it is thrown by the call
/// itself: config_error for headers, limits and retries, invalid_request_error for `body`.
struct call_options
{
    /// Removed, by name and whatever they come from: the client's own `Authorization`, `Accept`, `User-Agent`,
    /// `Idempotency-Key` and `X-Stainless-Retry-Count` too. Happens before `headers` and `added_headers`.
    std::vector<std::string> removed_headers{};

    http_headers headers{};        ///< each replaces all headers of its name
    http_headers added_headers{};  ///< sent beside those of the same name

    /// Of the URL, in this order, behind those of client_options::query whose names are not among them.
    std::vector<query_parameter> query{};

    /// Members of the request body, put in last: they win over those of the request, and a null is sent. Neither
    /// `stream` nor, for a stream, `deferred: true`.
    boost::json::object body{};

    /// In place of client_options::timeouts, all of them. To change one, begin with client::timeouts().
    std::optional<timeout_options> timeouts{};

    /// In place of client_options::retry, all of it.
    std::optional<retry_options> retry{};

    /// `Idempotency-Key`, the same in each attempt. A header of that name in `headers` wins. Default: a random one.
    std::optional<std::string> idempotency_key{};

    /// Send the request once more, beside what `retry` allows, when a kept connection closes before a byte of the
    /// answer has come. Nearly always the server had closed it and has not seen the request, but nobody can know once
    /// it was sent whole: then, with false, the call fails as it would on a new connection.
    bool resend_on_dead_connection = true;

    /// Keep the body of the answer as received, but inflated, in response_info::body.
    bool raw_body = false;
};

}  // namespace dedalus
