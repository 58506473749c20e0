#pragma once

#include <dedalus/config.hpp>
#include <dedalus/http_headers.hpp>
#include <dedalus/response_info.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dedalus {

struct chat_completion;
struct run_result;

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

/// The step of a call in which something happened.
enum class call_phase
{
    pool,             ///< waiting for a connection of the pool
    resolve,          ///< name resolution
    connect,          ///< TCP connect
    proxy,            ///< the tunnel through a proxy
    tls,              ///< TLS handshake
    write,            ///< sending the request
    response_header,  ///< waiting for the complete response header
    body,             ///< reading the body of a unary answer
    stream_idle,      ///< waiting for bytes of a stream
    total,            ///< the whole call: all attempts, waits and the stream body
    deferred,         ///< waiting for a deferred completion, see deferred_options::deadline
};

DEDALUS_EXPORT std::string_view to_string(call_phase phase) noexcept;
DEDALUS_EXPORT std::ostream& operator<<(std::ostream& os, call_phase phase);

/// Root of everything this library throws. `what()` never holds a key, a header or a text of the prompt or the answer.
class DEDALUS_EXPORT error : public boost::system::system_error
{
public:
    /// @param message  says what happened, without secrets; shown by what() together with the text of `code`.
    error(boost::system::error_code code, const std::string& message);

    /// How many attempts came before the one that failed.
    int retries_taken() const noexcept { return retries_taken_; }

    /// Set by the client before it throws.
    void set_retries_taken(int n) noexcept { retries_taken_ = n; }

    /// What is known of the call: its id, timings and number of attempts; and of the answer of the last attempt, when
    /// there was one: status, headers, request id, rate limits. All zero for errors of other origin. Lives as long as
    /// the error.
    const response_info& info() const noexcept;

    /// Set by the client before it throws.
    void set_info(std::shared_ptr<const response_info> info) noexcept { info_ = std::move(info); }

    /// What a handoff run had done until this error ended it; null for errors of other calls. Lives as long as the
    /// error.
    const run_result* partial_run() const noexcept { return partial_run_.get(); }

    /// Set by handoff_loop before it throws.
    void set_partial_run(std::shared_ptr<const run_result> run) noexcept { partial_run_ = std::move(run); }

private:
    int retries_taken_ = 0;
    std::shared_ptr<const response_info> info_{};
    std::shared_ptr<const run_result> partial_run_{};
};

/// The client cannot work with its options. Thrown by the constructor of `client` and of option types.
class DEDALUS_EXPORT config_error : public error
{
public:
    explicit config_error(const std::string& message);
};

/// client_options::credential_provider threw, or gave a key that is empty or cannot be sent. Never tried again.
class DEDALUS_EXPORT credential_error : public error
{
public:
    /// @param cause  what the provider threw, or null. It is not part of what(): it may hold secrets.
    credential_error(const std::string& message, std::exception_ptr cause);

    const std::exception_ptr& cause() const noexcept { return cause_; }

private:
    std::exception_ptr cause_;
};

/// The request cannot be sent: invalid UTF-8, NaN or infinity, a member of a wrong type, or JSON nested more than 128
/// deep, named by its JSON path; or a body above limit_options::max_request_bytes.
class DEDALUS_EXPORT invalid_request_error : public error
{
public:
    explicit invalid_request_error(const std::string& message);
};

/// No answer, or only a part of one, because resolving, connecting, TLS, writing or reading failed.
class DEDALUS_EXPORT connection_error : public error
{
public:
    connection_error(call_phase phase, boost::system::error_code cause, const std::string& message);

    /// The step that failed.
    call_phase phase() const noexcept { return phase_; }

    /// The code of the operating system, of Asio or of OpenSSL. A certificate that was refused: category
    /// "dedalus.certificate", whose values are OpenSSL's X509_V_ERR_* and whose messages say what is wrong.
    boost::system::error_code cause() const noexcept { return cause_; }

private:
    call_phase phase_;
    boost::system::error_code cause_;
};

/// A time limit of client_options::timeouts passed.
class DEDALUS_EXPORT timeout_error : public error
{
public:
    timeout_error(call_phase phase, std::chrono::milliseconds elapsed);

    /// The limit that passed: connect limits name their step, `total` and `deferred` span the whole call.
    call_phase phase() const noexcept { return phase_; }

    /// Time since that limit began to count.
    std::chrono::milliseconds elapsed() const noexcept { return elapsed_; }

private:
    call_phase phase_;
    std::chrono::milliseconds elapsed_;
};

/// The answer cannot be read: unexpected content type, malformed JSON, or a member of a wrong type.
class DEDALUS_EXPORT response_format_error : public error
{
public:
    /// @param body_head  the first bytes of what came, at most 2 KiB; it is not part of what().
    response_format_error(const std::string& message, int status, std::string content_type, std::string body_head);
    response_format_error(
        errc code, const std::string& message, int status, std::string content_type, std::string body_head
    );

    /// What is wrong, with the JSON path of the member where there is one.
    const std::string& problem() const noexcept { return problem_; }

    int status() const noexcept { return status_; }

    const std::string& content_type() const noexcept { return content_type_; }

    const std::string& body_head() const noexcept { return body_head_; }

private:
    std::string problem_;
    int status_;
    std::string content_type_;
    std::string body_head_;
};

/// A stream ended without `[DONE]` and without a finish reason for every choice: the answer is not whole.
class DEDALUS_EXPORT incomplete_stream_error : public error
{
public:
    explicit incomplete_stream_error(std::shared_ptr<const chat_completion> partial);

    /// What had arrived, accumulated. Never null.
    const chat_completion& partial() const noexcept { return *partial_; }

private:
    std::shared_ptr<const chat_completion> partial_;
};

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

template <>
struct boost::system::is_error_code_enum<dedalus::errc> : std::true_type
{};

template <>
struct boost::system::is_error_condition_enum<dedalus::condition> : std::true_type
{};
