#include "handoff/running_tool.hpp"

#include <dedalus/client_options.hpp>

#include "handoff/tool_context_data.hpp"

#include <boost/asio/cancellation_type.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;
namespace json = boost::json;

// no_limit, and what comes near to it, would overflow.
limit_point later(limit_point from, std::chrono::milliseconds duration)
{
    const auto room = std::chrono::duration_cast<std::chrono::milliseconds>(limit_point::max() - from);
    return duration < room ? from + duration : limit_point::max();
}

running_tool::running_tool(tool_start what) : start(std::move(what)), entry(start.tools->find(start.call.name)) {}

void running_tool::set_deadline()
{
    deadline = std::min(hard_deadline, later(last_progress, options().idle_timeout));
}

void running_tool::take_progress(json::value what)
{
    if (ended || cancel_requested)
        return;
    last_progress = std::chrono::steady_clock::now();
    set_deadline();
    if (start.on_progress && !start.early)
        start.on_progress(start.call.key, std::move(what));
}

void running_tool::enter(limit_point now, std::function<void(json::value)> on_progress)
{
    entered = std::chrono::system_clock::now();
    last_progress = now;
    hard_deadline = later(now, options().timeout);
    set_deadline();
    auto told = std::make_shared<tool_context::data>();
    told->run_id = start.run_id;
    told->call_id = start.call.key.call_id;
    told->attempt = start.call.attempt;
    told->effect = start.effect;
    told->stop = stop.get_token();
    told->fence = start.fence;
    told->idempotency_key = handoff_core::idempotency_key(start.run_id, start.call.key);
    told->deadline = hard_deadline;
    told->on_progress = std::move(on_progress);
    told->finish_record = start.finish_record;
    told->log = start.log;
    told->dependency_results = std::move(start.call.dependency_results);
    context.emplace(std::move(told));
}

void running_tool::request_cancel(limit_point give_up_at)
{
    if (ended || cancel_requested)
        return;
    cancel_requested = true;
    deadline = give_up_at;
    stop.request_stop();
    cancel.emit(asio::cancellation_type::terminal);
}

bool running_tool::is_overdue(limit_point now) const
{
    return !ended && !cancel_requested && now >= deadline;
}

void running_tool::resolve_arguments()
{
    if (!start.resolve || start.task != tool_task::handler)
        return;
    try {
        const call_arguments call{start.call.key.call_id, start.call.name, std::move(start.call.arguments)};
        start.call.arguments = start.resolve(call, context->dependency_results());
    }
    catch (...) {
        const handoff_core::thrown_failure thrown = handoff_core::read_failure(std::current_exception());
        misfit = handoff_core::unresolved_arguments_end(thrown.text, start.redact);
        return;
    }
    const std::string problem = entry->check ? entry->check(start.call.arguments) : std::string();
    if (!problem.empty())
        misfit = handoff_core::unfit_arguments_end(problem);
}

tool_end running_tool::end() const
{
    using handoff_core::effect_seen;
    if (misfit)
        return *misfit;
    const bool harmless = ended && failure.nothing_happened;
    if (timed_out) {
        const effect_seen effect = start.effect == tool_effect::pure ? effect_seen::none
                                   : harmless                        ? effect_seen::nothing
                                                                     : effect_seen::unknown;
        return handoff_core::timeout_end(*timed_out, effect);
    }
    if (value)
        return handoff_core::result_end(*value, start.max_result_bytes);
    if (cancel_requested) {
        tool_end cancelled = handoff_core::cancelled_end();
        cancelled.nothing_happened = harmless;
        return cancelled;
    }
    return handoff_core::error_end(failure, start.max_result_bytes, start.redact);
}

namespace {

asio::awaitable<json::value> ask_tool_probe(std::shared_ptr<running_tool> tool)
{
    asio::awaitable<std::optional<json::value>> asked = tool->options().probe(tool->context->idempotency_key());
    tool->answer.result = co_await std::move(asked);
    tool->answer.known = true;
    co_return nullptr;
}

asio::awaitable<json::value> dispatch_call(std::shared_ptr<running_tool> tool)
{
    asio::awaitable<void> told = tool->options().dispatch(std::move(tool->start.call.arguments), *tool->context);
    co_await std::move(told);
    co_return nullptr;
}

asio::awaitable<json::value> body_of_task(const std::shared_ptr<running_tool>& tool)
{
    if (tool->start.task == tool_task::probe)
        return ask_tool_probe(tool);
    if (tool->start.task == tool_task::dispatch)
        return dispatch_call(tool);
    return tool->entry->handler(std::move(tool->start.call.arguments), *tool->context);
}

}  // namespace

asio::awaitable<void> run_tool(std::shared_ptr<running_tool> tool)
{
    tool->resolve_arguments();
    if (tool->misfit)
        co_return;
    try {
        asio::awaitable<json::value> body = body_of_task(tool);
        tool->value = co_await std::move(body);
    }
    catch (...) {
        tool->failure = handoff_core::read_failure(std::current_exception());
    }
}

}  // namespace dedalus::handoff_engine
