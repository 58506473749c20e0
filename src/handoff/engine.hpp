#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/client_options.hpp>
#include <dedalus/dialect.hpp>
#include <dedalus/handoff/argument_resolver.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/logger.hpp>

#include "handoff/early_feed.hpp"
#include "handoff/end_texts.hpp"
#include "handoff/run_event_queue.hpp"
#include "handoff/run_machine.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace dedalus::handoff_engine {

/// Sends a request once, under this key, and gives its answer; throws as client::chat_completions() does. Takes what it
/// needs of the request before it returns.
using send_function =
    std::function<boost::asio::awaitable<chat_completion>(const chat_completion_request&, std::string request_key)>;

/// All that one run needs.
struct run_input
{
    send_function send{};
    std::shared_ptr<const tool_registry> tools{};
    handoff_core::run_settings settings{};
    std::size_t max_result_bytes = 0;
    handoff_core::end_texts texts{};

    /// Whoever follows the run; null: nobody. With it `send` streams.
    std::shared_ptr<run_event_queue> events{};
    dedalus::dialect dialect = dedalus::dialect::dedalus;  ///< in which `send` encodes
    retry_options retry{};                                 ///< of requests: each attempt of unknown outcome is charged
    std::function<double()> random{};                      ///< uniform in [0, 1), for the waits between attempts

    argument_resolver resolve_arguments{};   ///< handoff_options::resolve_arguments
    std::shared_ptr<dedalus::logger> log{};  ///< of the client, for tools; null: nothing is logged
    std::shared_ptr<early_feed> early{};     ///< that `send` feeds; null: no tool starts before its answer is there

    /// How long a tool that was cancelled for its time limit may take to end, before the run goes on without it.
    std::chrono::milliseconds cancellation_grace = std::chrono::seconds(5);

    chat_completion_request request{};
};

/// Runs to the end, on a strand of the executor of the awaiting coroutine: the tools of a run may share state without
/// locks even when that executor is a pool of threads.
///
/// Throws what `send` throws. All tools have ended when it ends, whichever way. Cancellation: terminal; tools are
/// cancelled and awaited, then error with asio::error::operation_aborted is thrown. Each `error` that it throws has a
/// partial_run().
boost::asio::awaitable<run_result> run_to_end(std::shared_ptr<const run_input> input);

}  // namespace dedalus::handoff_engine
