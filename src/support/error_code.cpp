#include <dedalus/error_code.hpp>

#include <string>
#include <string_view>

namespace dedalus {

namespace {

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
    case errc::store:
        return "the run store failed";
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

}  // namespace dedalus
