#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/content.hpp>
#include <dedalus/chat/message.hpp>

#include "protocol/text_budget.hpp"
#include "protocol/tool_call_accumulator.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::protocol {

/// Adds up the pieces of one choice.
///
/// One request may contain several calls of the model. When, after a finish reason and then a role or text, a tool call
/// gives an index whose call has an id a different id, it belongs to a later answer: what came up to the finish reason
/// is dropped. Without a role or text it is one more call, of a server that sends a finish reason with every call.
class choice_accumulator
{
public:
    /// How much there is of each thing that grows.
    struct extent
    {
        std::size_t content = 0;
        std::size_t refusal = 0;
        std::size_t reasoning = 0;
        std::size_t calls = 0;
        std::size_t content_logprobs = 0;
        std::size_t refusal_logprobs = 0;
    };

    /// What adding a piece did.
    struct trace
    {
        bool began_segment = false;  ///< the finished segment was dropped
        extent after{};
        std::vector<tool_call_accumulator::trace> calls{};  ///< of the tool calls of the piece, in their order
        std::vector<assistant_message> dropped{};           ///< text and calls of the segment that was dropped
    };

    /// Notes in `done`, a new one, what it did.
    void add(const chunk_choice& piece, text_budget& budget, trace& done);

    bool finished() const noexcept { return finish_reason_.has_value(); }

    /// The role, "" when none was sent.
    std::string_view role() const noexcept { return role_; }

    /// The message so far, without role and tool calls.
    const assistant_message& message() const noexcept { return message_; }

    const tool_call_accumulator& calls() const noexcept { return calls_; }

    const std::optional<choice_logprobs>& logprobs() const noexcept { return logprobs_; }

    choice result(std::int64_t index) const;

private:
    bool is_call_of_next_segment(const message_delta& delta) const;
    assistant_message finished_segment() const;
    void drop_finished_segment();
    extent current_extent() const;
    void add_message(const message_delta& delta, text_budget& budget, trace& done);
    void add_content(const message_content& piece, text_budget& budget);
    void set_name(std::string_view name, text_budget& budget);
    void add_function_call(const function_call_delta& piece, text_budget& budget);
    void add_audio(const audio_delta& piece, text_budget& budget);
    void add_annotations(const std::vector<annotation>& pieces, text_budget& budget);
    void add_logprobs(const choice_logprobs& piece, text_budget& budget);

    std::string role_{};
    assistant_message message_{};  // without the tool calls
    tool_call_accumulator calls_{};
    std::optional<dedalus::finish_reason> finish_reason_{};
    std::optional<choice_logprobs> logprobs_{};
    boost::json::object extra_{};
    extent finished_extent_{};  // when the last finish reason came
    bool began_anew_ = false;   // a role or text came after the finish reason
};

}  // namespace dedalus::protocol
