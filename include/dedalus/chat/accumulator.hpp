#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/message.hpp>
#include <dedalus/config.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace dedalus {

namespace protocol {

struct accumulator_access;

}  // namespace protocol

/// Adds up the chunks of a stream to a completion. Needs no client, so it serves recorded streams too.
///
/// Choices and tool calls are matched by `index`. Texts, arguments, content parts, logprobs, audio and annotations are
/// appended, and so are the unknown strings `reasoning` and `thinking` of a delta; of any other unknown member the last
/// value that is not null stays. Of completion id, creation time, model, role, call id and call type the first
/// non-empty value stays; of the name of a called function the last non-empty one; of usage, fingerprint, service tier,
/// finish reason and `thought_signature` the last non-null one. The handoff members are taken from any chunk:
/// `server_results` and `mcp_server_errors` are merged by key, of the others the last value that is not null stays, an
/// explicit empty list included. A null never clears anything; content that was only null stays absent, which is not
/// the same as "".
///
/// Tool calls: another id at an index in use begins another call, because some servers give each call the index 0. A
/// piece without an index goes to the call of its id, else to the call of the piece before.
///
/// Segments: one request may make several calls of the model whose answers follow each other in the stream. A segment
/// begins with a chunk that adds to a choice under another completion id once all choices have a finish reason, unless
/// the id changed within an answer before (servers that give each chunk an id of its own); for a single choice, when
/// after the finish reason there came a role or text, with a tool call that gives an index in use another id. Text,
/// calls and finish reasons begin anew, and completion() gives the last segment, with its id; usage and handoff members
/// span all segments.
///
/// A control message (no choices, an `object` other than "chat.completion.chunk", and `x_dedalus_event` or
/// `dedalus_event`) adds only its usage and handoff members.
///
/// Not thread-safe; distinct objects are independent.
class DEDALUS_EXPORT chat_completion_accumulator
{
public:
    /// @param max_bytes  limit for all accumulated text; passing it throws response_format_error
    /// (errc::limit_exceeded).
    explicit chat_completion_accumulator(std::size_t max_bytes = 64 * 1024 * 1024);
    ~chat_completion_accumulator();
    chat_completion_accumulator(chat_completion_accumulator&&) noexcept;
    chat_completion_accumulator& operator=(chat_completion_accumulator&&) noexcept;

    /// Adds a chunk. Cost is linear in the size of the chunk. Throws response_format_error when a choice index is
    /// outside 0 ... 127 or a call index above 127 (errc::invalid_response, nothing of the chunk is added), or when a
    /// choice has more than 128 calls (errc::limit_exceeded). A call index below 0 is 0.
    void add(const chat_completion_chunk& chunk);

    /// Whether there is a choice and every choice has a finish reason.
    bool finished() const noexcept;

    /// What the chunks add up to so far: the type of the unary answer, `object` "chat.completion", choices sorted by
    /// index. A copy. `info` is not filled.
    chat_completion completion() const;

    /// Text and tool calls of the first choice in the segments before the last one, in order: steps on the way, no part
    /// of the answer.
    const std::vector<assistant_message>& earlier_messages() const noexcept;

private:
    friend struct protocol::accumulator_access;

    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace dedalus
