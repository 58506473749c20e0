#include "handoff/messages_text.hpp"

#include <string_view>
#include <utility>

namespace dedalus::handoff_core {

namespace {

// An answer that changes an earlier message, as a late result does, mostly changes one of the last few turns.
constexpr std::size_t most_hashed_parts = 8;

}  // namespace

void messages_text::use(dialect to)
{
    if (dialect_ != to)
        cut(0);
    dialect_ = to;
}

void messages_text::add(const message& one)
{
    const std::string text = codec::encode_message(one, count(), dialect_);
    text_.append(text_.empty() ? "" : ",").append(text);
    places_.push_back({text_.size(), count() + 1});
}

void messages_text::cut(std::size_t places)
{
    if (places >= places_.size())
        return;
    places_.resize(places);
    text_.resize(places_.empty() ? 0 : places_.back().end);
    while (!hashed_.empty() && hashed_.back().bytes > text_.size())
        hashed_.pop_back();
}

std::string messages_text::array() const
{
    if (text_.empty())
        return {};
    std::string array;
    array.reserve(text_.size() + 2);
    return array.append("[").append(text_).append("]");
}

std::string messages_text::body_sha256(const codec::chat_request_frame& frame)
{
    if (hashed_before_ != frame.before)
        hashed_.clear();
    hashed_before_ = frame.before;
    hash_text();
    crypto::sha256_stream body = hashed_.back().digest;
    body.add("]");
    body.add(frame.after);
    return body.finish_hex();
}

void messages_text::hash_text()
{
    if (hashed_.empty()) {
        hashed_part& first = hashed_.emplace_back();
        first.digest.add(hashed_before_);
        first.digest.add("[");
    }
    if (hashed_.back().bytes == text_.size())
        return;
    hashed_part part = hashed_.back();
    part.digest.add(std::string_view(text_).substr(part.bytes));
    part.bytes = text_.size();
    if (hashed_.size() == most_hashed_parts)
        hashed_.erase(hashed_.begin());
    hashed_.push_back(std::move(part));
}

}  // namespace dedalus::handoff_core
