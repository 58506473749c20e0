#include <dedalus/chat/deferred.hpp>
#include <dedalus/error.hpp>

#include "support/ascii.hpp"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <utility>

namespace dedalus {

namespace {

constexpr std::size_t max_body_head_bytes = 2048;
constexpr std::size_t max_token_bytes = 64;

std::string_view text_of(errc code) noexcept
{
    switch (code) {
    case errc::config:
        return "unusable configuration";
    case errc::invalid_request:
        return "the request cannot be sent";
    case errc::connection:
        return "connection failed";
    case errc::timeout:
        return "time limit passed";
    case errc::invalid_response:
        return "unexpected answer";
    case errc::limit_exceeded:
        return "the answer exceeds a limit of the client";
    case errc::incomplete_stream:
        return "the stream ended before the answer did";
    case errc::operation_in_progress:
        return "an operation is already in progress";
    case errc::bad_request:
        return "bad request";
    case errc::authentication:
        return "authentication failed";
    case errc::payment_required:
        return "payment required";
    case errc::permission_denied:
        return "permission denied";
    case errc::not_found:
        return "not found";
    case errc::request_timeout:
        return "the server waited too long for the request";
    case errc::conflict:
        return "conflict";
    case errc::unprocessable_entity:
        return "the request failed validation";
    case errc::rate_limit:
        return "rate limit";
    case errc::internal_server:
        return "server error";
    case errc::api:
        return "the server answered with an error";
    case errc::validation:
        return "the JSON does not fit its type";
    case errc::cut_by_length:
        return "the answer ended at the token limit";
    case errc::cut_by_content_filter:
        return "the answer was withheld by a content filter";
    case errc::credential:
        return "no credential";
    }
    return "unknown error";
}

bool is_retryable(errc code) noexcept
{
    return code == errc::connection || code == errc::timeout || code == errc::request_timeout ||
           code == errc::conflict || code == errc::rate_limit || code == errc::internal_server;
}

// Boost leaves the destructor of error_category public and not virtual, so that categories live until the very end.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

// The fixed ids make two copies of the library in one process (two shared objects) agree.
class error_category_impl final : public boost::system::error_category
{
public:
    constexpr error_category_impl() noexcept : boost::system::error_category(0x6a1f0c52d94e7b31ULL) {}

    const char* name() const noexcept override { return "dedalus"; }

    std::string message(int value) const override { return std::string(text_of(static_cast<errc>(value))); }
};

class condition_category_impl final : public boost::system::error_category
{
public:
    constexpr condition_category_impl() noexcept : boost::system::error_category(0x6a1f0c52d94e7b32ULL) {}

    const char* name() const noexcept override { return "dedalus.condition"; }

    std::string message(int value) const override
    {
        switch (static_cast<condition>(value)) {
        case condition::retryable:
            return "another attempt may succeed";
        case condition::timeout:
            return "a time limit passed";
        case condition::auth:
            return "authentication or permission failed";
        }
        return "unknown condition";
    }

    bool equivalent(const boost::system::error_code& code, int value) const noexcept override
    {
        if (code.category() != dedalus::error_category())
            return false;
        const auto e = static_cast<errc>(code.value());
        switch (static_cast<condition>(value)) {
        case condition::retryable:
            return is_retryable(e);
        case condition::timeout:
            return e == errc::timeout;
        case condition::auth:
            return e == errc::authentication || e == errc::permission_denied;
        }
        return false;
    }
};

#pragma GCC diagnostic pop

// Words of the server appear in what() only in a form that cannot carry a sentence.
bool is_short_token(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= max_token_bytes && std::all_of(text.begin(), text.end(), [](char c) {
        return support::ascii_is_alnum(c) || c == '_' || c == '.' || c == '-';
    });
}

std::string describe(const api_error_details& details)
{
    std::string text = std::to_string(details.status);
    if (is_short_token(details.api_code))
        text += ' ' + details.api_code;
    else if (is_short_token(details.type))
        text += ' ' + details.type;
    if (!details.server.empty())
        text.append(" from ").append(details.server);
    if (is_short_token(details.request_id))
        text += " (request id " + details.request_id + ')';
    return text;
}

std::string describe(call_phase phase, const boost::system::error_code& cause, const std::string& message)
{
    std::string text = message + " (" + std::string(to_string(phase));
    if (cause.failed())
        text += ": " + cause.message();
    return text + ')';
}

}  // namespace

const boost::system::error_category& error_category() noexcept
{
    static constexpr error_category_impl instance;
    return instance;
}

const boost::system::error_category& condition_category() noexcept
{
    static constexpr condition_category_impl instance;
    return instance;
}

std::string_view to_string(call_phase phase) noexcept
{
    switch (phase) {
    case call_phase::pool:
        return "pool";
    case call_phase::resolve:
        return "resolve";
    case call_phase::connect:
        return "connect";
    case call_phase::proxy:
        return "proxy";
    case call_phase::tls:
        return "tls";
    case call_phase::write:
        return "write";
    case call_phase::response_header:
        return "response_header";
    case call_phase::body:
        return "body";
    case call_phase::stream_idle:
        return "stream_idle";
    case call_phase::total:
        return "total";
    case call_phase::deferred:
        return "deferred";
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& os, call_phase phase)
{
    return os << to_string(phase);
}

error::error(boost::system::error_code code, const std::string& message) : system_error(code, message) {}

const response_info& error::info() const noexcept
{
    static const response_info none;
    return info_ ? *info_ : none;
}

config_error::config_error(const std::string& message) : error(errc::config, message) {}

credential_error::credential_error(const std::string& message, std::exception_ptr cause)
    : error(errc::credential, message), cause_(std::move(cause))
{}

invalid_request_error::invalid_request_error(const std::string& message) : error(errc::invalid_request, message) {}

connection_error::connection_error(call_phase phase, boost::system::error_code cause, const std::string& message)
    : error(errc::connection, describe(phase, cause, message)), phase_(phase), cause_(cause)
{}

timeout_error::timeout_error(call_phase phase, std::chrono::milliseconds elapsed)
    : error(errc::timeout, std::string(to_string(phase)) + " after " + std::to_string(elapsed.count()) + " ms"),
      phase_(phase), elapsed_(elapsed)
{}

response_format_error::response_format_error(
    const std::string& message, int status, std::string content_type, std::string body_head
)
    : response_format_error(errc::invalid_response, message, status, std::move(content_type), std::move(body_head))
{}

response_format_error::response_format_error(
    errc code, const std::string& message, int status, std::string content_type, std::string body_head
)
    : error(code, message), problem_(message), status_(status), content_type_(std::move(content_type)),
      body_head_(std::move(body_head))
{
    if (body_head_.size() > max_body_head_bytes) {
        body_head_.resize(max_body_head_bytes);
        body_head_.shrink_to_fit();
    }
}

unreadable_result_error::unreadable_result_error(
    errc code, const std::string& problem, int status, std::string content_type, std::string body
)
    : response_format_error(code, problem, status, std::move(content_type), body.substr(0, max_body_head_bytes)),
      body_(std::make_shared<const std::string>(std::move(body)))
{}

incomplete_stream_error::incomplete_stream_error(std::shared_ptr<const chat_completion> partial)
    : error(errc::incomplete_stream, "no end marker and no finish reason"), partial_(std::move(partial))
{}

api_error::api_error(errc code, api_error_details details)
    : error(code, describe(details)), details_(std::make_shared<const api_error_details>(std::move(details)))
{}

void throw_api_error(api_error_details details)
{
    switch (details.status) {
    case 400:
        throw bad_request_error(errc::bad_request, std::move(details));
    case 401:
        throw authentication_error(errc::authentication, std::move(details));
    case 402:
        throw payment_required_error(errc::payment_required, std::move(details));
    case 403:
        throw permission_denied_error(errc::permission_denied, std::move(details));
    case 404:
        throw not_found_error(errc::not_found, std::move(details));
    case 408:
        throw api_error(errc::request_timeout, std::move(details));
    case 409:
        throw conflict_error(errc::conflict, std::move(details));
    case 422:
        throw unprocessable_entity_error(errc::unprocessable_entity, std::move(details));
    case 429:
        throw rate_limit_error(errc::rate_limit, std::move(details));
    default:
        if (details.status >= 500)
            throw internal_server_error(errc::internal_server, std::move(details));
        throw api_error(errc::api, std::move(details));
    }
}

}  // namespace dedalus
