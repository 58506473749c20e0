#include "codec/chunk_decoder.hpp"

#include "codec/decode_chat.hpp"
#include "codec/raw_json.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>
#include <variant>

namespace dedalus::codec {

namespace {

// A pattern is kept as long as its stream: a thousand streams have a thousand.
constexpr std::size_t max_pattern_bytes = 2048;

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

std::int64_t* created_of(chat_completion_chunk& chunk)
{
    return &chunk.created;
}

std::int64_t* prompt_tokens_of(chat_completion_chunk& chunk)
{
    return chunk.usage ? &chunk.usage->prompt_tokens : nullptr;
}

std::int64_t* completion_tokens_of(chat_completion_chunk& chunk)
{
    return chunk.usage ? &chunk.usage->completion_tokens : nullptr;
}

std::int64_t* total_tokens_of(chat_completion_chunk& chunk)
{
    return chunk.usage ? &chunk.usage->total_tokens : nullptr;
}

// The length of the number that the text begins with; 0 unless it is one of digits, above 0 and of 64 bits for sure.
// What follows is compared with the pattern, where the number ended as well.
std::size_t leading_number(std::string_view text, std::int64_t& number) noexcept
{
    constexpr std::size_t max_digits = 18;
    if (text.empty() || text.front() < '1' || text.front() > '9')
        return 0;
    const char* const end = text.data() + std::min(text.size(), max_digits);
    return static_cast<std::size_t>(std::from_chars(text.data(), end, number).ptr - text.data());
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

chunk_choice copy_of_usual_members(const chunk_choice& from);
chat_completion_chunk copy_of_usual_members(const chat_completion_chunk& from);

// Becomes a copy where the copy is to be: as an argument it is not moved.
template <class T>
struct usual_copy
{
    const T& from;

    operator T() const { return copy_of_usual_members(from); }
};

message_delta copy_of_usual_members(const message_delta& from)
{
    return {
        .role = from.role,
        .content = from.content,
        .tool_calls = from.tool_calls,
        .reasoning_content = from.reasoning_content,
        .nulls = from.nulls,
    };
}

chunk_choice copy_of_usual_members(const chunk_choice& from)
{
    return {
        .index = from.index,
        .delta = copy_of_usual_members(from.delta),
        .finish_reason = from.finish_reason,
        .nulls = from.nulls,
    };
}

std::vector<chunk_choice> copy_of_usual_members(const std::vector<chunk_choice>& from)
{
    std::vector<chunk_choice> copy;
    copy.reserve(from.size());
    for (const chunk_choice& choice : from)
        copy.emplace_back(usual_copy<chunk_choice>{choice});
    return copy;
}

chat_completion_chunk copy_of_usual_members(const chat_completion_chunk& from)
{
    return {
        .id = from.id,
        .object = from.object,
        .created = from.created,
        .model = from.model,
        .choices = copy_of_usual_members(from.choices),
        .usage = from.usage,
        .system_fingerprint = from.system_fingerprint,
        .service_tier = from.service_tier,
        .obfuscation = from.obfuscation,
        .nulls = from.nulls,
    };
}

}  // namespace

void chunk_decoder::decode(std::string_view text)
{
    is_parsed_ = false;
    for (const std::size_t i : {latest_, 1 - latest_}) {
        if (patterns_[i].fill(text)) {
            latest_ = i;
            misses_ = 0;
            return;
        }
    }
    parsed_ = decode_chat_chunk(text);
    is_parsed_ = true;
    // One that is odd does not cost the pattern that fitted last. A stream whose chunks all differ is soon left alone.
    ++misses_;
    if (std::has_single_bit(misses_)) {
        latest_ = 1 - latest_;
        patterns_[latest_].learn(text, parsed_, patterns_[1 - latest_].chunk);
    }
}

boxed_optional<chat_completion_chunk> chunk_decoder::take()
{
    if (is_parsed_)
        return std::move(parsed_);
    if (!patterns_[latest_].has_only_usual_members)
        return patterns_[latest_].chunk;
    boxed_optional<chat_completion_chunk> copy;
    copy.emplace(usual_copy<chat_completion_chunk>{patterns_[latest_].chunk});
    return copy;
}

bool chunk_decoder::gap::take(std::string_view& from) noexcept
{
    if (number != nullptr) {
        const std::size_t length = leading_number(from, new_number);
        from.remove_prefix(length);
        return length != 0;
    }
    new_text = leading_json_string(from);
    from.remove_prefix(new_text.quoted.size());
    return !new_text.quoted.empty();
}

bool chunk_decoder::gap::put(chat_completion_chunk& to) const
{
    if (number == nullptr)
        return read_json_string(new_text, *text(to));
    *number(to) = new_number;
    return true;
}

bool chunk_decoder::pattern::fill(std::string_view other)
{
    if (text.empty())
        return false;
    const std::string_view known = text;
    std::size_t from = 0;
    for (gap& each : gaps) {
        const std::string_view same = known.substr(from, each.begin - from);
        if (!other.starts_with(same))
            return false;
        other.remove_prefix(same.size());
        if (!each.take(other))
            return false;
        from = each.end;
    }
    return other == known.substr(from) &&
           std::all_of(gaps.begin(), gaps.end(), [this](const gap& each) { return each.put(chunk); });
}

// A number that is the same in both earlier chunks, this one's and the other, stays a part of the pattern: it costs
// less.
void chunk_decoder::pattern::learn(
    std::string_view new_text, const chat_completion_chunk& meaning, chat_completion_chunk& other
)
{
    text.clear();
    if (new_text.size() > max_pattern_bytes)
        return;
    chat_completion_chunk replaced = std::exchange(chunk, meaning);
    const earlier_chunks before{&replaced, &other};
    has_only_usual_members = copy_of_usual_members(chunk) == chunk;
    gaps.clear();
    const std::string_view delta = member(first_element(member(new_text, "choices")), "delta");
    add_gap(new_text, member(delta, "content"), content_of);
    add_gap(new_text, member(delta, "reasoning_content"), reasoning_of);
    const std::string_view call = first_element(member(delta, "tool_calls"));
    add_gap(new_text, member(member(call, "function"), "arguments"), arguments_of);
    add_gap(new_text, member(new_text, "obfuscation"), obfuscation_of);
    add_gap(new_text, member(new_text, "created"), created_of, before);
    const std::string_view usage_text = member(new_text, "usage");
    add_gap(new_text, member(usage_text, "prompt_tokens"), prompt_tokens_of, before);
    add_gap(new_text, member(usage_text, "completion_tokens"), completion_tokens_of, before);
    add_gap(new_text, member(usage_text, "total_tokens"), total_tokens_of, before);
    if (gaps.empty())
        return;
    std::sort(gaps.begin(), gaps.end(), [](const gap& a, const gap& b) { return a.begin < b.begin; });
    text = new_text;
}

void chunk_decoder::pattern::add_gap(std::string_view whole, std::string_view value, string_target target)
{
    if (!value.starts_with('"') || target(chunk) == nullptr)
        return;
    const auto begin = static_cast<std::size_t>(value.data() - whole.data());
    gaps.push_back({.begin = begin, .end = begin + value.size(), .text = target});
}

void chunk_decoder::pattern::add_gap(
    std::string_view whole, std::string_view value, number_target target, const earlier_chunks& before
)
{
    std::int64_t number = 0;
    if (value.empty() || leading_number(value, number) != value.size())
        return;
    const bool runs = std::any_of(before.begin(), before.end(), [&](chat_completion_chunk* each) {
        const std::int64_t* const old = target(*each);
        return old != nullptr && *old != 0 && *old != number;
    });
    // Of an error, `extra` holds everything.
    const std::int64_t* const now = target(chunk);
    if (!runs || now == nullptr || *now != number)
        return;
    const auto begin = static_cast<std::size_t>(value.data() - whole.data());
    gaps.push_back({.begin = begin, .end = begin + value.size(), .number = target});
}

}  // namespace dedalus::codec
