#include "handoff/usage_sum.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <limits>
#include <optional>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

// A server must not be able to overflow a sum.
void add(std::int64_t& sum, std::int64_t more)
{
    if (__builtin_add_overflow(sum, more, &sum))
        sum = more > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

void add(std::optional<std::int64_t>& sum, const std::optional<std::int64_t>& more)
{
    if (!more)
        return;
    std::int64_t total = sum.value_or(0);
    add(total, *more);
    sum = total;
}

void add(json::object& sum, const json::object& more);

void add(json::value& sum, const json::value& more)
{
    if (sum.is_object() && more.is_object())
        add(sum.get_object(), more.get_object());
    else if (sum.is_int64() && more.is_int64())
        add(sum.get_int64(), more.get_int64());
    else if (sum.is_number() && more.is_number())
        sum = sum.to_number<double>() + more.to_number<double>();
    else
        sum = more;
}

void add(json::object& sum, const json::object& more)
{
    for (const json::key_value_pair& member : more) {
        if (json::value* present = sum.if_contains(member.key()))
            add(*present, member.value());
        else
            sum.emplace(member.key(), member.value());
    }
}

void add(completion_tokens_details& sum, const completion_tokens_details& more)
{
    add(sum.accepted_prediction_tokens, more.accepted_prediction_tokens);
    add(sum.audio_tokens, more.audio_tokens);
    add(sum.reasoning_tokens, more.reasoning_tokens);
    add(sum.rejected_prediction_tokens, more.rejected_prediction_tokens);
    add(sum.extra, more.extra);
}

void add(prompt_tokens_details& sum, const prompt_tokens_details& more)
{
    add(sum.audio_tokens, more.audio_tokens);
    add(sum.cached_tokens, more.cached_tokens);
    add(sum.extra, more.extra);
}

template <class Details>
void add_details(std::optional<Details>& sum, const std::optional<Details>& more)
{
    if (!more)
        return;
    if (!sum)
        sum.emplace();
    add(*sum, *more);
}

}  // namespace

void add_usage(usage& sum, const usage& more)
{
    add(sum.prompt_tokens, more.prompt_tokens);
    add(sum.completion_tokens, more.completion_tokens);
    add(sum.total_tokens, more.total_tokens);
    add_details(sum.completion_tokens_details, more.completion_tokens_details);
    add_details(sum.prompt_tokens_details, more.prompt_tokens_details);
    add(sum.extra, more.extra);
}

}  // namespace dedalus::handoff_core
