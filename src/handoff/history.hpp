#pragma once

#include <dedalus/chat/message.hpp>

#include "handoff/assemble.hpp"
#include "handoff/messages_text.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::handoff_core {

using id_set = std::set<std::string, std::less<>>;

/// The messages of a run.
class history
{
public:
    /// @param initial  a valid list
    explicit history(std::vector<message> initial);

    /// Adds an assistant message, and a tool message for each of its calls that has an answer, in the order of the
    /// calls. A message without anything in it is left out.
    void append(assistant_message message, const answer_texts& answers);

    /// Adds messages that are neither of the model nor of tools.
    void add(std::vector<message> messages);

    /// Answers a call of the latest assistant message that has it unanswered, at its place among the tool messages.
    /// Returns false when no message has such a call.
    bool answer_late(std::string_view call_id, const std::string& text);

    /// A valid list: calls without an answer stay when they are deferred, or held back and of the last message that has
    /// calls, and are left out otherwise.
    std::vector<message> sendable(const id_set& deferred, const id_set& held_back = {}) const;

    /// What is wrong with the messages that were added since the last time that nothing was; empty when they are right.
    /// Looks at these alone.
    std::optional<std::string> find_new_violation(const id_set& deferred, const id_set& held_back = {});

    /// Takes back what was added since then.
    void drop_unchecked();

    /// sendable() as the text of a JSON array; "" when there is nothing in it. What it has given before in this dialect
    /// is used again. Throws invalid_request_error for what JSON cannot hold.
    std::string sendable_text(const id_set& deferred, const id_set& held_back, dialect to);

    /// The SHA-256 of the body whose messages are what sendable_text() has given last, as 64 lower-case hex digits.
    std::string body_sha256(const codec::chat_request_frame& frame) { return text_.body_sha256(frame); }

private:
    /// A message with calls that no tool message answers.
    struct open_message
    {
        std::size_t place = 0;
        id_set unanswered{};
        id_set in_text{};  ///< those of them that text_ has
    };

    /// Calls without an answer that stay in what is sent.
    struct staying_calls
    {
        const id_set& deferred;
        const id_set& held_back;
        std::size_t last;  ///< place of the message whose calls are held back

        id_set of(const open_message& open) const;
    };

    void look_again(std::size_t first);
    staying_calls staying(const id_set& deferred, const id_set& held_back) const;
    std::optional<message> sent_form(std::size_t place, const staying_calls& stay) const;
    std::vector<message> sendable_from(std::size_t first, const id_set& deferred, const id_set& held_back) const;

    std::vector<message> messages_;
    std::size_t checked_;             ///< so many are right
    std::vector<open_message> open_;  ///< by place
    messages_text text_;              ///< of the first messages, or of all
};

/// What is wrong with a list of messages, by the rules of strict providers; empty when it is right. Each call of an
/// assistant message is deferred or answered by a tool message that follows it; each tool message answers such a call,
/// once.
std::optional<std::string> find_violation(const std::vector<message>& messages, const id_set& deferred);

}  // namespace dedalus::handoff_core
