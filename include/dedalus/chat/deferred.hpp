#pragma once

#include <dedalus/client_options.hpp>
#include <dedalus/config.hpp>
#include <dedalus/error.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace dedalus {

/// How client::deferred_completion() waits for an answer that was ordered with `deferred: true`. The first question is
/// asked at once. Values out of range are a config_error, thrown by the call itself.
struct deferred_options
{
    /// Between the first "not ready yet" and the next question; at least 1 ms. No wait is shorter.
    std::chrono::milliseconds first_wait = std::chrono::seconds(1);

    double factor = 2.0;  ///< each wait is this many times the one before; at least 1

    /// The longest wait; not below first_wait, and at most 24 hours. A `Retry-After` of the server takes the place of
    /// a wait, up to client_options::retry.retry_after_cap or this, whichever is longer.
    std::chrono::milliseconds max_wait = std::chrono::seconds(10);

    /// From the call to the header of the answer; positive or `no_limit`. A wait that would not end before is not
    /// begun: the call ends with a timeout_error of call_phase::deferred. An answer whose header has come is read to
    /// its end all the same, because it cannot be had a second time.
    std::chrono::milliseconds deadline = std::chrono::minutes(10);

    bool operator==(const deferred_options&) const = default;
};

/// The result of a deferred completion came, but it cannot be read. The server gives a result once, so what came is
/// kept here.
class DEDALUS_EXPORT unreadable_result_error : public response_format_error
{
public:
    /// @param body  what came, at most client_options::limits.max_body_bytes; it is not part of what().
    unreadable_result_error(
        errc code, const std::string& problem, int status, std::string content_type, std::string body
    );

    /// The body of the answer. Whole, unless code() is errc::limit_exceeded.
    const std::string& body() const noexcept { return *body_; }

private:
    std::shared_ptr<const std::string> body_;
};

}  // namespace dedalus
