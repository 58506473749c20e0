#pragma once

#include <dedalus/config.hpp>
#include <dedalus/error.hpp>
#include <dedalus/http_headers.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dedalus {

/// One entry of a 422 body: `detail[]` of wire shape HTTPValidationError.
struct validation_item
{
    std::string location{};  ///< `loc` joined with dots: "body.tool_choice"
    std::string message{};   ///< `msg`
    std::string type{};      ///< `type`
    std::string input{};     ///< `input`, the refused value, as JSON text; may quote the prompt; "" when absent
    std::string context{};   ///< `ctx` as JSON text; "" when absent

    bool operator==(const validation_item&) const = default;
};

/// What an `api_error` carries.
struct api_error_details
{
    int status = 0;                                          ///< HTTP status; 200 when the error came inside a stream
    std::string_view server{};                               ///< static text: who answered; "" for the API itself
    std::string message{};                                   ///< the server's own words; not part of what()
    std::string api_code{};                                  ///< `code`, as text also when the server sent a number
    std::string type{};                                      ///< `type`
    std::string param{};                                     ///< `param`
    std::string request_id{};                                ///< `x-request-id`
    std::optional<std::chrono::milliseconds> retry_after{};  ///< parsed `retry-after-ms` or `Retry-After`
    http_headers headers{};                                  ///< response headers
    std::string body{};  ///< raw body, cut at client_options::limits.max_error_body_bytes
    bool body_truncated = false;
    bool in_stream = false;                     ///< arrived as an event of a stream whose status was 200
    std::vector<validation_item> validation{};  ///< items of a 422
};

/// The server answered with an error: a status outside 2xx, or an error object inside a stream.
class DEDALUS_EXPORT api_error : public error
{
public:
    /// Use throw_api_error() to get the class of the status.
    api_error(errc code, api_error_details details);

    int status() const noexcept { return details_->status; }

    /// Who answered: "" for the API, "the MCP authorization server" when its key could not be had.
    std::string_view server() const noexcept { return details_->server; }

    const std::string& message() const noexcept { return details_->message; }

    const std::string& api_code() const noexcept { return details_->api_code; }

    const std::string& type() const noexcept { return details_->type; }

    const std::string& param() const noexcept { return details_->param; }

    const std::string& request_id() const noexcept { return details_->request_id; }

    std::optional<std::chrono::milliseconds> retry_after() const noexcept { return details_->retry_after; }

    const http_headers& headers() const noexcept { return details_->headers; }

    const std::string& body() const noexcept { return details_->body; }

    bool body_truncated() const noexcept { return details_->body_truncated; }

    bool in_stream() const noexcept { return details_->in_stream; }

    const std::vector<validation_item>& validation() const noexcept { return details_->validation; }

private:
    std::shared_ptr<const api_error_details> details_;
};

/// HTTP 400.
class DEDALUS_EXPORT bad_request_error : public api_error
{
    using api_error::api_error;
};

/// HTTP 401.
class DEDALUS_EXPORT authentication_error : public api_error
{
    using api_error::api_error;
};

/// HTTP 402: no balance, quota or credits.
class DEDALUS_EXPORT payment_required_error : public api_error
{
    using api_error::api_error;
};

/// HTTP 403.
class DEDALUS_EXPORT permission_denied_error : public api_error
{
    using api_error::api_error;
};

/// HTTP 404: unknown model or path.
class DEDALUS_EXPORT not_found_error : public api_error
{
    using api_error::api_error;
};

/// HTTP 409.
class DEDALUS_EXPORT conflict_error : public api_error
{
    using api_error::api_error;
};

/// HTTP 422: the body failed validation, see validation().
class DEDALUS_EXPORT unprocessable_entity_error : public api_error
{
    using api_error::api_error;
};

/// HTTP 429.
class DEDALUS_EXPORT rate_limit_error : public api_error
{
    using api_error::api_error;
};

/// HTTP 5xx.
class DEDALUS_EXPORT internal_server_error : public api_error
{
    using api_error::api_error;
};

/// Throws the class that belongs to `details.status`.
[[noreturn]] DEDALUS_EXPORT void throw_api_error(api_error_details details);

}  // namespace dedalus
