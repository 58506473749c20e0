#pragma once

#include <dedalus/chat/chunk.hpp>
#include <dedalus/chat/content.hpp>
#include <dedalus/chat/events.hpp>

#include "protocol/call_events.hpp"
#include "protocol/choice_accumulator.hpp"
#include "protocol/event_batch.hpp"
#include "protocol/partial_json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dedalus::protocol {

/// The events of one choice, within one segment. The texts are those of the accumulator; kept here is only what was
/// told of them, and the joined text of content that is a list of parts.
class choice_events
{
public:
    choice_events(std::int64_t index, chat_event_options options) : index_(index), options_(options) {}

    /// Joins the text of parts. Comes before add_deltas() for all pieces of a chunk, so that no text grows under a
    /// view. In all functions `whole` is the choice after the chunk.
    void prepare(const chunk_choice& piece, const choice_accumulator& whole);

    void add_deltas(
        const chunk_choice& piece,
        const choice_accumulator::trace& trace,
        const choice_accumulator& whole,
        event_batch& batch
    );

    /// The `done` events of what ended since the last call.
    void add_dones(const choice_accumulator& whole, event_batch& batch);

    /// The stream ended, and so does all that is open.
    void end() noexcept { ended_ = true; }

private:
    using extent = choice_accumulator::extent;

    void add_content_deltas(
        const message_content& piece, const extent& after, const choice_accumulator& whole, event_batch& batch
    );
    void add_content_delta(std::string_view delta, const choice_accumulator& whole, event_batch& batch);
    void
    add_refusal_delta(std::string_view delta, const extent& after, const choice_accumulator& whole, event_batch& batch);
    void add_logprobs_deltas(
        const choice_logprobs& piece, const extent& after, const choice_accumulator& whole, event_batch& batch
    );
    void add_content_done(bool ended, const choice_accumulator& whole, event_batch& batch);
    void add_refusal_done(const choice_accumulator& whole, event_batch& batch);
    void add_logprobs_dones(const choice_logprobs& whole, event_batch& batch);
    std::string_view text_of(const choice_accumulator& whole) const;

    std::int64_t index_;
    chat_event_options options_;
    bool has_parts_ = false;
    bool joined_now_ = false;       // the joined text began with this chunk, and has all of it
    std::string joined_parts_{};    // the text of content that is a list
    std::size_t content_told_ = 0;  // bytes of the text
    partial_json content_json_{};
    call_events calls_{};
    bool content_done_ = false;
    bool refusal_done_ = false;
    bool content_logprobs_done_ = false;
    bool refusal_logprobs_done_ = false;
    bool call_began_ = false;  // since the last add_dones()
    bool ended_ = false;       // likewise
};

}  // namespace dedalus::protocol
