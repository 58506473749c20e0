#pragma once

#include <dedalus/chat/message.hpp>
#include <dedalus/dialect.hpp>

#include "codec/encode_chat_request.hpp"
#include "crypto/sha256.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace dedalus::handoff_core {

/// The messages of the requests of a run as the text they have in a body. Each request has those of the last one and a
/// few more: what is known of them, their text and the SHA-256 of a body so far, is used again, so that a turn of a
/// long run costs no more than one of a short run, but for the copies of the text. When each request was made from all
/// messages, a turn of a run of 1,000 turns took seven times as much as in one of 100 (docs/durability.md).
class messages_text
{
public:
    /// The messages are texts of this dialect from now on. Takes back all places when they were those of another one.
    void use(dialect to);

    /// How many messages have a place here.
    std::size_t size() const noexcept { return places_.size(); }

    /// Takes the next place. Throws invalid_request_error for what JSON cannot hold.
    void add(const message& one);

    /// Takes the next place, and leaves it empty.
    void skip() { places_.push_back({text_.size(), count()}); }

    /// Takes back all places but the first so many.
    void cut(std::size_t places);

    /// A JSON array; "" when there is nothing in it.
    std::string array() const;

    /// The SHA-256 of the body with these messages, as 64 lower-case hex digits.
    std::string body_sha256(const codec::chat_request_frame& frame);

private:
    struct place
    {
        std::size_t end = 0;    ///< in the text
        std::size_t count = 0;  ///< messages in the text up to here
    };

    /// Of what stands before the array, its bracket, and the first bytes of the text.
    struct hashed_part
    {
        std::size_t bytes = 0;  ///< of the text
        crypto::sha256_stream digest{};
    };

    std::size_t count() const noexcept { return places_.empty() ? 0 : places_.back().count; }

    void hash_text();

    dialect dialect_ = dialect::dedalus;
    std::string text_;  ///< without the brackets
    std::vector<place> places_;
    std::string hashed_before_;        ///< what stands before the array
    std::vector<hashed_part> hashed_;  ///< the last few, the longest one last
};

}  // namespace dedalus::handoff_core
