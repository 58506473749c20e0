#pragma once

#include <dedalus/boxed_optional.hpp>
#include <dedalus/chat/chunk.hpp>

#include "codec/json_string.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::codec {

/// Decodes the chunks of one stream: as decode_chat_chunk() does, but without parsing again what each of them repeats.
///
/// Most chunks of a stream are the same text but for a piece of the answer and some padding. When a text differs from
/// an earlier one inside those JSON strings only, so does what it means: the earlier chunk is given again, with these
/// strings exchanged; and so with numbers that grow, a time or running usage. That takes less than half of the time of
/// parsing it (docs/performance.md). Every other text is parsed. Two such texts are known at a time, because a stream
/// often has two forms of chunks in turn: text and pieces of a tool call.
class chunk_decoder
{
public:
    /// Reads a text. Throws as decode_chat_chunk(); then there is no chunk.
    void decode(std::string_view text);

    /// What the text says; until the next decode() or take().
    const chat_completion_chunk& chunk() const noexcept { return is_parsed_ ? parsed_ : patterns_[latest_].chunk; }

    /// Whether the last text had to be parsed. A measure of work for tests.
    bool parsed() const noexcept { return is_parsed_; }

    /// What the text says, to keep. Once after each decode(). Never empty.
    boxed_optional<chat_completion_chunk> take();

private:
    using string_target = std::string* (*)(chat_completion_chunk&);
    using number_target = std::int64_t* (*)(chat_completion_chunk&);
    using earlier_chunks = std::array<chat_completion_chunk*, 2>;

    /// A JSON string, or a number, of the pattern in whose place any other may stand, and where its value belongs.
    struct gap
    {
        std::size_t begin;
        std::size_t end;
        string_target text = nullptr;  // or:
        number_target number = nullptr;
        json_string new_text{};  // in the text being decoded
        std::int64_t new_number = 0;

        bool take(std::string_view& from) noexcept;
        bool put(chat_completion_chunk& to) const;
    };

    struct pattern
    {
        std::string text{};           // "" before there is one
        std::vector<gap> gaps{};      // in the order of the text
        chat_completion_chunk chunk;  // what the text means
        // Then these are copied alone: half of the instructions of copying forty members, most of them empty.
        bool has_only_usual_members = false;

        bool fill(std::string_view other);
        void learn(std::string_view new_text, const chat_completion_chunk& meaning, chat_completion_chunk& other);
        void add_gap(std::string_view whole, std::string_view value, string_target target);
        void
        add_gap(std::string_view whole, std::string_view value, number_target target, const earlier_chunks& before);
    };

    std::array<pattern, 2> patterns_;
    std::size_t latest_ = 0;  // the pattern that fitted, or was learned, last
    std::size_t misses_ = 0;  // texts since the last one that fitted
    chat_completion_chunk parsed_;
    bool is_parsed_ = false;  // the last text fitted no pattern
};

}  // namespace dedalus::codec
