#include "codec/chunk_decoder.hpp"

#include "codec/decode_chat.hpp"
#include "codec/parse_json.hpp"
#include "codec/raw_json.hpp"
#include "support/utf8.hpp"

#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <bit>
#include <variant>

namespace dedalus::codec {

namespace {

// A pattern is kept as long as its stream: a thousand streams have a thousand.
constexpr std::size_t max_pattern_bytes = 2048;

// The length of the JSON string that `text` begins with, with its quotes; 0 when it does not begin with a whole one.
// `plain` becomes whether what is between the quotes is the value as it stands, if it is UTF-8.
std::size_t leading_string(std::string_view text, bool& plain) noexcept
{
    plain = true;
    if (!text.starts_with('"'))
        return 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == '"')
            return i + 1;
        plain = plain && c >= ' ' && c != '\\';
        if (c == '\\')
            ++i;
    }
    return 0;
}

// Puts the value of a JSON string into `to`; false when it is no valid one.
bool assign_string(std::string_view quoted, bool plain, std::string& to)
{
    const std::string_view inside = quoted.substr(1, quoted.size() - 2);
    if (plain && support::is_utf8(inside)) {
        to = inside;
        return true;
    }
    boost::system::error_code ec;
    const boost::json::value value = parse_json(quoted, ec);
    const boost::json::string* text = value.if_string();
    if (text != nullptr)
        to.assign(text->data(), text->size());
    return text != nullptr;
}

chunk_choice* first_choice(chat_completion_chunk& chunk) noexcept
{
    return chunk.choices.empty() ? nullptr : &chunk.choices.front();
}

std::string* content_of(chat_completion_chunk& chunk)
{
    chunk_choice* choice = first_choice(chunk);
    return choice != nullptr && choice->delta.content ? std::get_if<std::string>(&*choice->delta.content) : nullptr;
}

std::string* reasoning_of(chat_completion_chunk& chunk)
{
    chunk_choice* choice = first_choice(chunk);
    return choice != nullptr && choice->delta.reasoning_content ? &*choice->delta.reasoning_content : nullptr;
}

std::string* arguments_of(chat_completion_chunk& chunk)
{
    chunk_choice* choice = first_choice(chunk);
    if (choice == nullptr || choice->delta.tool_calls.empty())
        return nullptr;
    tool_call_delta& call = choice->delta.tool_calls.front();
    return call.function && call.function->arguments ? &*call.function->arguments : nullptr;
}

std::string* obfuscation_of(chat_completion_chunk& chunk)
{
    return chunk.obfuscation ? &*chunk.obfuscation : nullptr;
}

std::string_view member(std::string_view object_text, std::string_view key)
{
    return raw_member(object_text, key).value_or(std::string_view());
}

std::string_view first_element(std::string_view array_text)
{
    const std::vector<std::string_view> elements = raw_elements(array_text);
    return elements.empty() ? std::string_view() : elements.front();
}

}  // namespace

void chunk_decoder::decode(std::string_view text, std::optional<chat_completion_chunk>& to)
{
    if (fill_pattern(text)) {
        misses_ = 0;
        to.emplace(repeated_);
        return;
    }
    to.emplace(decode_chat_chunk(text));
    // One that is odd does not cost the pattern. A stream whose chunks all differ is soon left alone.
    ++misses_;
    if (misses_ > 1 && std::has_single_bit(misses_))
        learn(text, *to);
}

bool chunk_decoder::fill_pattern(std::string_view text)
{
    if (pattern_.empty())
        return false;
    const std::string_view pattern = pattern_;
    std::size_t from = 0;
    for (gap& each : gaps_) {
        const std::string_view same = pattern.substr(from, each.begin - from);
        if (!text.starts_with(same))
            return false;
        text.remove_prefix(same.size());
        each.value = text.substr(0, leading_string(text, each.plain));
        if (each.value.empty())
            return false;
        text.remove_prefix(each.value.size());
        from = each.end;
    }
    return text == pattern.substr(from) && std::all_of(gaps_.begin(), gaps_.end(), [this](const gap& each) {
               return assign_string(each.value, each.plain, *each.target(repeated_));
           });
}

void chunk_decoder::learn(std::string_view text, const chat_completion_chunk& chunk)
{
    pattern_.clear();
    if (text.size() > max_pattern_bytes)
        return;
    repeated_ = chunk;
    gaps_.clear();
    const std::string_view delta = member(first_element(member(text, "choices")), "delta");
    add_gap(text, member(delta, "content"), content_of);
    add_gap(text, member(delta, "reasoning_content"), reasoning_of);
    const std::string_view call = first_element(member(delta, "tool_calls"));
    add_gap(text, member(member(call, "function"), "arguments"), arguments_of);
    add_gap(text, member(text, "obfuscation"), obfuscation_of);
    if (gaps_.empty())
        return;
    std::sort(gaps_.begin(), gaps_.end(), [](const gap& a, const gap& b) { return a.begin < b.begin; });
    pattern_ = text;
}

void chunk_decoder::add_gap(
    std::string_view text, std::string_view value, std::string* (*target)(chat_completion_chunk&)
)
{
    if (!value.starts_with('"') || target(repeated_) == nullptr)
        return;
    const auto begin = static_cast<std::size_t>(value.data() - text.data());
    gaps_.push_back({.begin = begin, .end = begin + value.size(), .target = target});
}

}  // namespace dedalus::codec
