#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::testing {

/// The tokens of this server's model: a word with the white space before it.
std::vector<std::string_view> tokens_of(std::string_view text);

/// Tokens of all messages of a request, with a few for each message's frame.
std::int64_t prompt_tokens(const boost::json::object& request);

/// A text as it ends up in an answer.
struct limited_text
{
    std::string text;
    bool cut = false;  ///< by max_tokens or max_completion_tokens
};

/// Applies `stop`, `max_tokens` and `max_completion_tokens` of the request.
limited_text limit_text(std::string text, const boost::json::object& request);

}  // namespace dedalus::testing
