#pragma once

#include <dedalus/config.hpp>
#include <dedalus/error.hpp>

#include <memory>
#include <string>
#include <utility>

namespace dedalus {

/// JSON and a described type do not fit each other. `what()` has the path and what is wrong there, never a value.
class DEDALUS_EXPORT validation_error : public error
{
public:
    /// @param path  such as `$.items[2].price`; `$` is the root
    validation_error(std::string path, std::string problem);

    /// Where: `$.items[2].price`. Names that are no short ASCII words are shown as `["?"]`.
    const std::string& path() const noexcept { return path_; }

    /// What is wrong there: `expected a number, got a string`.
    const std::string& problem() const noexcept { return problem_; }

    /// The answer that does not fit; null when there is none (read_json(), write_json()). Lives as long as the error.
    const chat_completion* completion() const noexcept { return completion_.get(); }

    /// Set by parse_completion() before it throws.
    void set_completion(std::shared_ptr<const chat_completion> completion) noexcept
    {
        completion_ = std::move(completion);
    }

private:
    std::string path_;
    std::string problem_;
    std::shared_ptr<const chat_completion> completion_{};
};

/// A structured answer ended before it was whole: see its two classes.
class DEDALUS_EXPORT finish_reason_error : public error
{
public:
    /// The whole answer. Lives as long as the error.
    const chat_completion& completion() const noexcept { return *completion_; }

protected:
    finish_reason_error(errc code, std::shared_ptr<const chat_completion> completion);

private:
    std::shared_ptr<const chat_completion> completion_;
};

/// A choice of a structured answer has the finish reason `length` (or Mistral's `model_length`). `what()` has the
/// usage.
class DEDALUS_EXPORT length_finish_reason_error : public finish_reason_error
{
public:
    explicit length_finish_reason_error(std::shared_ptr<const chat_completion> completion);
};

/// A choice of a structured answer has the finish reason `content_filter`. `what()` has the usage.
class DEDALUS_EXPORT content_filter_finish_reason_error : public finish_reason_error
{
public:
    explicit content_filter_finish_reason_error(std::shared_ptr<const chat_completion> completion);
};

}  // namespace dedalus
