#include "testing/token_text.hpp"

#include "testing/request_view.hpp"

#include <algorithm>
#include <limits>

namespace dedalus::testing {

namespace json = boost::json;

namespace {

constexpr std::int64_t tokens_per_message = 3;
constexpr std::string_view white_space = " \t\r\n";

std::vector<std::string> stop_sequences(const json::object& request)
{
    std::vector<std::string> sequences;
    for (const json::value& entry : array_member(request, "stop"))
        sequences.emplace_back(entry.as_string());
    sequences.push_back(string_member(request, "stop"));
    std::erase(sequences, std::string());
    return sequences;
}

}  // namespace

std::vector<std::string_view> tokens_of(std::string_view text)
{
    std::vector<std::string_view> tokens;
    while (!text.empty()) {
        const std::size_t word = std::min(text.find_first_not_of(white_space), text.size());
        const std::size_t end = std::min(text.find_first_of(white_space, word), text.size());
        tokens.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return tokens;
}

std::int64_t prompt_tokens(const json::object& request)
{
    std::int64_t total = tokens_per_message;
    for (const json::value& message : array_member(request, "messages"))
        total += tokens_per_message + static_cast<std::int64_t>(tokens_of(message_text(message.as_object())).size());
    return total;
}

limited_text limit_text(std::string text, const json::object& request)
{
    for (const std::string& sequence : stop_sequences(request))
        text.resize(std::min(text.find(sequence), text.size()));
    constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();
    const auto limit = static_cast<std::size_t>(std::min(
        int_member(request, "max_tokens").value_or(unlimited),
        int_member(request, "max_completion_tokens").value_or(unlimited)
    ));
    const std::vector<std::string_view> tokens = tokens_of(text);
    if (tokens.size() <= limit)
        return {std::move(text), false};
    std::string kept;
    for (std::size_t i = 0; i < limit; ++i)
        kept.append(tokens[i]);
    return {std::move(kept), true};
}

}  // namespace dedalus::testing
