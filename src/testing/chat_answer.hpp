#pragma once

#include <dedalus/testing/server.hpp>

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dedalus::testing {

/// A tool call in an answer.
struct requested_call
{
    std::string id;
    std::string name;
    std::string arguments;  ///< of a function: JSON text; of a custom tool: its input
    bool custom = false;
};

/// What the server's model says, before it becomes bytes.
struct chat_answer
{
    std::optional<std::string> text;
    std::vector<requested_call> calls;
    boost::json::object extension;  ///< members next to `choices`
    /// Members next to `choices` whose bytes are sent as they are: name and JSON text.
    std::vector<std::pair<std::string, std::string>> raw_extension;
};

/// What tells one completion from another.
struct completion_identity
{
    std::string id;
    std::int64_t created = 0;  ///< Unix seconds
};

/// The reply that carries the answer in the form the request asks for: unary or as a stream, `n` choices, cut at the
/// token limit and at stop sequences.
reply render_answer(
    const chat_answer& answer,
    const boost::json::object& request,
    const completion_identity& identity,
    std::chrono::milliseconds stream_delay
);

}  // namespace dedalus::testing
