#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/chat/request.hpp>
#include <dedalus/client_options.hpp>
#include <dedalus/dialect.hpp>
#include <dedalus/handoff/argument_resolver.hpp>
#include <dedalus/handoff/durability.hpp>
#include <dedalus/handoff/run_result.hpp>
#include <dedalus/handoff/tool_registry.hpp>
#include <dedalus/logger.hpp>
#include <dedalus/stores/run_store.hpp>

#include "handoff/early_feed.hpp"
#include "handoff/end_texts.hpp"
#include "handoff/run_event_queue.hpp"
#include "handoff/run_journal.hpp"
#include "handoff/run_records.hpp"
#include "handoff/run_stop.hpp"
#include "handoff/strand_hop.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dedalus::handoff_engine {

/// Sends a request once, under this key, and gives its answer, with the body as received in info.body unless it was
/// streamed; throws as client::chat_completions() does. Takes what it needs of the request before it returns.
using send_once_function =
    std::function<boost::asio::awaitable<chat_completion>(const chat_completion_request&, std::string request_key)>;

/// All that one run in a store needs.
struct durable_input
{
    std::shared_ptr<run_store> store{};
    std::string run_id{};
    std::string owner{};
    std::optional<handoff_core::run_definition> create{};  ///< set: begin the run unless it is there
    bool must_be_new = false;                              ///< a run that is there already is an error
    std::optional<credential_selection> credentials{};     ///< put into each request, and written nowhere
    send_once_function send{};
    send_once_function stream{};                           ///< likewise, with a streamed answer
    dedalus::dialect dialect = dedalus::dialect::dedalus;  ///< in which they encode
    std::shared_ptr<const tool_registry> tools{};
    argument_resolver resolve_arguments{};   ///< handoff_options::resolve_arguments
    std::shared_ptr<dedalus::logger> log{};  ///< of the client, for tools; null: nothing is logged
    std::shared_ptr<early_feed> early{};     ///< that `stream` feeds; null: no tool starts before its answer is stored
    retry_options retry{};
    unknown_outcome_policy on_unknown_outcome = unknown_outcome_policy::suspend;
    bool wait_for_late_results = false;
    unknown_send_policy on_unknown_send = unknown_send_policy::resend;
    std::chrono::milliseconds cancellation_grace = std::chrono::seconds(5);
    std::chrono::milliseconds lease = std::chrono::seconds(30);
    std::size_t most_inline_bytes = std::size_t{64} * 1024;  ///< of a result; longer ones become blobs of the store
    handoff_core::end_texts texts{};                         ///< their `max_bytes` is that of the run
    run_clocks clocks{};
    std::function<double()> random{};           ///< uniform in [0, 1), for the waits between attempts
    std::function<std::string()> make_token{};  ///< secrets for calls that wait; empty: they have none
    std::shared_ptr<run_event_queue> events{};  ///< whoever follows the run; null: nobody
};

/// Goes on with a run until it ends, is suspended, or is lost to another owner. Cancellation: none; `stop` ends it.
/// Throws store_error, what `send` throws for good, and config_error for a run that is not there or must be new.
boost::asio::awaitable<run_result>
follow_run(std::shared_ptr<const durable_input> input, std::shared_ptr<run_stop> stop, strand s);

}  // namespace dedalus::handoff_engine
