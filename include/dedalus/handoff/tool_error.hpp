#pragma once

#include <dedalus/config.hpp>

#include <stdexcept>
#include <string>

namespace dedalus {

/// What a tool can vouch for when it fails.
struct tool_error_facts
{
    /// Another attempt with the same arguments may succeed: tool_options::max_retries.
    bool retryable = false;

    /// The call had no effect, and will have none: for example when it was cancelled before it began. Then a call of
    /// tool_effect::once, too, may start again when its run was stopped, and a time limit that passed is told to the
    /// model as harmless.
    bool nothing_happened = false;
};

/// Thrown by a tool to say more than other exceptions do. The text goes to the model on one line, without what looks
/// like a key; unlike theirs it is written for the model, so paths of files in it stay.
class DEDALUS_EXPORT tool_error : public std::runtime_error
{
public:
    /// @param kind  for programs: "not_found", "busy". Shown to the model by structured_failure() alone
    tool_error(std::string kind, const std::string& text, tool_error_facts facts = {});

    const std::string& kind() const noexcept { return kind_; }

    bool retryable() const noexcept { return facts_.retryable; }

    bool nothing_happened() const noexcept { return facts_.nothing_happened; }

private:
    std::string kind_;
    tool_error_facts facts_;
};

}  // namespace dedalus
