#pragma once

#include <dedalus/chat/request.hpp>
#include <dedalus/client.hpp>
#include <dedalus/handoff/handoff_loop.hpp>
#include <dedalus/handoff/tool_registry.hpp>

#include "handoff/durable_run.hpp"
#include "handoff/early_feed.hpp"
#include "handoff/engine.hpp"
#include "handoff/normalise.hpp"
#include "handoff/run_event_queue.hpp"

#include <memory>
#include <string>

namespace dedalus::handoff_engine {

/// Makes what the engine needs of the options of a handoff_loop, and of a request.
class loop_inputs
{
public:
    /// Throws config_error when an option is out of range.
    loop_inputs(client c, tool_registry tools, handoff_options options);

    /// Of a run without a store. Throws invalid_request_error.
    std::shared_ptr<run_input> in_memory(const chat_completion_request& request) const;

    /// Of a run that is in the store. Throws config_error without a store, and for an id that is too long.
    std::shared_ptr<durable_input> durable(std::string run_id) const;

    /// Of one that begins unless it is there. Throws invalid_request_error, too.
    std::shared_ptr<durable_input>
    durable(std::string run_id, const chat_completion_request& request, bool must_be_new) const;

    /// Has its answers streamed, and `events` told.
    void stream_answers(run_input& input) const;
    void stream_answers(durable_input& input) const;

private:
    std::shared_ptr<run_event_queue> new_events() const;
    std::shared_ptr<early_feed> new_early_feed() const;
    send_once_function streaming(std::shared_ptr<run_event_queue> events, std::shared_ptr<early_feed> early) const;
    bool sends_extensions() const;
    handoff_core::batch_rules rules() const;
    void limit_one_request(chat_completion_request& request) const;
    chat_completion_request with_tools(const chat_completion_request& request) const;

    client client_;
    std::shared_ptr<const tool_registry> tools_;
    handoff_options options_;
};

}  // namespace dedalus::handoff_engine
