#pragma once

#include <dedalus/chat/tool.hpp>
#include <dedalus/client_options.hpp>
#include <dedalus/config.hpp>
#include <dedalus/handoff/tool_context.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus {

/// What running a tool does to the world.
enum class tool_effect
{
    once,   ///< must not happen twice; a call whose end is not known is not repeated
    pure,   ///< no effect
    keyed,  ///< the target drops repetitions by tool_context::idempotency_key()
};

struct tool_options
{
    tool_effect effect = tool_effect::once;

    /// From the start of the tool. The tool is then cancelled (terminal), and the model is told; for tool_effect::once
    /// it is told that the effect is unknown. Must be positive, or `no_limit`.
    std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

/// Runs a tool: gets the arguments as the model gave them and gives any JSON. A string goes to the model as it is,
/// anything else as JSON text. What it throws is reported to the model as "Error: " and what() of a std::exception.
/// Parsing changes two things of the arguments: integers that do not fit into 64 bits become doubles, and of members
/// with the same name only the last stays.
using tool_handler = std::function<boost::asio::awaitable<boost::json::value>(boost::json::object, tool_context&)>;

/// The tools that a client offers. Copies are cheap and share nothing that changes: adding to a copy does not change
/// the original.
class DEDALUS_EXPORT tool_registry
{
public:
    /// A tool with its definition, handler and options.
    struct entry
    {
        function_definition definition{};
        tool_handler handler{};
        tool_options options{};
    };

    /// Adds a tool. Throws config_error when the name is empty, longer than 64, has characters other than letters,
    /// digits, `_` and `-`, or is taken; when the handler is empty; when the time limit is not positive.
    void add(function_definition definition, tool_handler handler, tool_options options = {});

    /// The tool of this name; null when there is none.
    const entry* find(std::string_view name) const noexcept;

    /// The definitions in the order of adding, as `tools` of a request.
    std::vector<tool> definitions() const;

    std::size_t size() const noexcept { return entries_.size(); }

private:
    std::vector<std::shared_ptr<const entry>> entries_;
};

}  // namespace dedalus
