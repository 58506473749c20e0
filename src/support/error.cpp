#include <dedalus/chat/deferred.hpp>
#include <dedalus/error.hpp>

#include <cstddef>
#include <utility>

namespace dedalus {

namespace {

constexpr std::size_t max_body_head_bytes = 2048;

std::string describe(call_phase phase, const boost::system::error_code& cause, const std::string& message)
{
    std::string text = message + " (" + std::string(to_string(phase));
    if (cause.failed())
        text += ": " + cause.message();
    return text + ')';
}

}  // namespace

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

}  // namespace dedalus
