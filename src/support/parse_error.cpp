#include <dedalus/chat/completion.hpp>
#include <dedalus/parse_error.hpp>

#include <string>
#include <utility>

namespace dedalus {

namespace {

std::string usage_text(const chat_completion& completion)
{
    if (!completion.usage)
        return "usage unknown";
    const usage& used = *completion.usage;
    return "prompt_tokens=" + std::to_string(used.prompt_tokens) +
           ", completion_tokens=" + std::to_string(used.completion_tokens) +
           ", total_tokens=" + std::to_string(used.total_tokens);
}

}  // namespace

validation_error::validation_error(std::string path, std::string problem)
    : error(errc::validation, path + ": " + problem), path_(std::move(path)), problem_(std::move(problem))
{}

finish_reason_error::finish_reason_error(errc code, std::shared_ptr<const chat_completion> completion)
    : error(code, usage_text(*completion)), completion_(std::move(completion))
{}

length_finish_reason_error::length_finish_reason_error(std::shared_ptr<const chat_completion> completion)
    : finish_reason_error(errc::cut_by_length, std::move(completion))
{}

content_filter_finish_reason_error::content_filter_finish_reason_error(std::shared_ptr<const chat_completion> completion
)
    : finish_reason_error(errc::cut_by_content_filter, std::move(completion))
{}

}  // namespace dedalus
