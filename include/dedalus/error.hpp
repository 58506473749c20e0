#pragma once

#include <dedalus/call_phase.hpp>
#include <dedalus/config.hpp>
#include <dedalus/error_code.hpp>
#include <dedalus/http_headers.hpp>
#include <dedalus/response_info.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace dedalus {

struct chat_completion;
struct run_result;

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

}  // namespace dedalus
